"""Pages of a list by its own order: cursors that survive a round trip, and pages that meet."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.shared.errors import Refused
from portal.shared.pagination import Cursor, Page, Slice
from tests.factories import make_kyc_check, make_staff

START = datetime(2026, 3, 31, 12, tzinfo=UTC)
QUICKLY = settings(database=None, derandomize=True, deadline=None, max_examples=100)
MOMENTS = st.timedeltas(timedelta(days=-45_000), timedelta(days=60_000)).map(lambda away: START + away)


@QUICKLY
@given(MOMENTS, st.uuids())
def test_a_cursor_comes_back_as_it_was(at, id_):
    text = str(Cursor(at, id_))
    assert Cursor.parse(text) == Cursor(at, id_)
    assert text.replace("-", "").replace("_", "").isalnum(), "it fits into an address as it is"


@QUICKLY
@given(st.text() | st.binary(max_size=80).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_garbage_is_refused_and_never_an_error(text):
    with pytest.raises(Refused, match="This page address is not complete"):
        Cursor.parse(text)


@pytest.mark.parametrize(
    "plain",
    ["", "|", "2026-03-31T12:00:00+00:00|", f"|{UUID(int=7)}", f"2026-03-31T12:00:00|{UUID(int=7)}",
     f"0001-01-01T00:00:00+00:00|{UUID(int=7)}", f"9999-12-31T23:59:59+00:00|{UUID(int=7)}",
     "2026-03-31T12:00:00+00:00|7", f"yesterday|{UUID(int=7)}", "\x00|\x00"],
)  # fmt: skip
def test_a_cursor_that_says_nothing_is_refused(plain):
    with pytest.raises(Refused):
        Cursor.parse(base64.urlsafe_b64encode(plain.encode()).decode())


def test_a_cursor_of_another_zone_is_the_same_moment():
    there = START.astimezone(timezone(timedelta(hours=7)))
    assert Cursor.parse(str(Cursor(there, UUID(int=1)))).at == START


def test_a_slice_starts_at_the_beginning_and_after_wins_over_before():
    one, other = (str(Cursor(START, uuid4())) for _ in range(2))
    assert Slice.parse(after=None, before=None) == Slice()
    assert Slice.parse(after="", before="") == Slice()
    assert Slice.parse(after=one, before=other) == Slice(after=Cursor.parse(one))
    assert Slice.parse(after=None, before=other) == Slice(before=Cursor.parse(other))


def place(number):
    return Cursor(START + timedelta(minutes=number), UUID(int=number + 1))


def read(numbers, part, size):
    """A page as a repository reads it: one row too many, backwards before a place."""
    if part.after:
        found = [n for n in numbers if place(n).at > part.after.at]
    elif part.before:
        found = [n for n in reversed(numbers) if place(n).at < part.before.at]
    else:
        found = numbers
    return Page.of(found[: size + 1], part, place, size)


@pytest.mark.parametrize("total", [1, 2, 3, 4, 6, 7])
def test_forwards_and_backwards_every_row_is_on_exactly_one_page(total):
    numbers, size = list(range(total)), 3
    page = read(numbers, Slice(), size)
    forwards = [list(page.rows)]
    assert page.before is None
    while page.after:
        page = read(numbers, Slice(after=page.after), size)
        forwards.append(list(page.rows))
    assert [n for rows in forwards for n in rows] == numbers
    backwards = [list(page.rows)]
    while page.before:
        page = read(numbers, Slice(before=page.before), size)
        backwards.append(list(page.rows))
        assert page.after is not None
    assert backwards[::-1] == forwards


def test_an_empty_page_leads_nowhere():
    for part in (Slice(), Slice(after=place(9)), Slice(before=place(0))):
        page = read([], part, 3)
        assert (list(page.rows), page.before, page.after) == ([], None, None)


def test_the_queue_refuses_a_broken_address_with_a_page(in_app, visit):
    browser = visit(make_staff())
    for query in ("after=x", "before=%F0%9F%99%82", f"after={'A' * 500}"):
        answer = browser.get(f"/kyc?{query}")
        assert answer.status_code == 422
        assert "This page address is not complete. Start again from the first page." in answer.text
    assert browser.post("/kyc/next", after="x").status_code == 422


def test_the_queue_is_paged_both_ways(in_app, visit):
    ids = [str(make_kyc_check(has_images=False, age=timedelta(hours=9) - timedelta(minutes=n))) for n in range(30)]
    browser = visit(make_staff())
    first = browser.get("/kyc").text
    assert [n for n, id_ in enumerate(ids) if id_ in first] == list(range(25))
    last_of_page = Cursor.parse(cursor_in(first, "after"))
    assert str(last_of_page.id) == ids[24]
    second = browser.get(f"/kyc?after={last_of_page}").text
    assert [n for n, id_ in enumerate(ids) if id_ in second] == list(range(25, 30))
    back = browser.get(f"/kyc?before={cursor_in(second, 'before')}").text
    assert [n for n, id_ in enumerate(ids) if id_ in back] == list(range(25))


def cursor_in(page, name):
    return page.split(f"{name}=", 1)[1].split('"', 1)[0]
