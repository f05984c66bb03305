"""Reading the number blind: it is compared, and never kept anywhere."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.kyc import claims
from portal.shared.mongo import mongo
from tests.client import error_at, filled_in
from tests.factories import audit_events, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, held, let_lease_run_out, reject, undo, verify
from tests.notifications.working import release_all, work_off

NIK = "3273014504940001"
WRONG = "3273014504940002"
MATCHES = "Matches the number the customer gave."
DIFFERS = "Does not match the number the customer gave."
NO_MORE = "That was the fifth try. Mark the number as unreadable or reject."


@pytest.fixture
def case(in_app, visit):
    kyc_id = make_kyc_check(number=NIK)
    browser = visit(make_staff())
    claim(browser, kyc_id)
    return browser, kyc_id


def read(browser, kyc_id, number, **options):
    options.setdefault("lease_token", held(kyc_id)["lease_token"])
    return browser.post(f"/kyc/{kyc_id}/number", number=number, **options)


def test_the_right_digits_match_however_they_are_written(case):
    browser, kyc_id = case
    for typed in (NIK, "3273 0145 0494 0001", "32.73.01.450494.0001", f"  {NIK[:8]}-{NIK[8:]}  "):
        answer = read(browser, kyc_id, typed)
        assert answer.status_code == 200
        assert MATCHES in answer.text, typed
    assert (check_of(kyc_id).number_matched, check_of(kyc_id).number_tries) == (True, 4)


def test_other_digits_do_not_match(case):
    browser, kyc_id = case
    for tries, typed in enumerate((WRONG, NIK[:-1], NIK + "0", NIK[::-1]), start=1):
        answer = read(browser, kyc_id, typed)
        assert answer.status_code == 200
        assert DIFFERS in answer.text, typed
        assert (check_of(kyc_id).number_matched, check_of(kyc_id).number_tries) == (False, tries)
    read(browser, kyc_id, NIK)
    assert check_of(kyc_id).number_matched


def test_what_is_no_number_is_refused_and_costs_no_try(case):
    browser, kyc_id = case
    for typed in ("", "1234567", "9" * 21, "no digits", "３２７３０１４５０４９４０００１", "x" * 41):
        assert read(browser, kyc_id, typed).status_code == 422, typed
    assert check_of(kyc_id).number_tries == 0
    assert check_of(kyc_id).number_matched is None


def test_a_fragment_says_what_is_wrong_at_the_field(case):
    browser, kyc_id = case
    answer = read(browser, kyc_id, "12", htmx=True)
    assert answer.status_code == 422
    assert error_at(answer.text, "number") == "Type the 8 to 20 digits of the document number."
    assert filled_in(answer.text)["number"] == ["12"]
    assert answer.text.lstrip().startswith('<div class="field hashcheck field--error" id="number"')


def test_there_are_five_tries(case):
    browser, kyc_id = case
    for left in (4, 3, 2, 1, 0):
        answer = read(browser, kyc_id, WRONG)
        assert answer.status_code == 200
        assert f"{left} tr" in answer.text or "No tries left." in answer.text
    for number in (WRONG, NIK):
        refused = read(browser, kyc_id, number)
        assert refused.status_code == 422
        assert NO_MORE in refused.text
    assert check_of(kyc_id).number_tries == 5
    assert len(audit_events("kyc.number-checked")) == 5
    assert verify(browser, kyc_id, number_unreadable=None).status_code == 422
    assert verify(browser, kyc_id).status_code == 303, "it may be marked as unreadable"


def test_a_new_claim_starts_with_no_tries_and_no_answer(case, visit):
    browser, kyc_id = case
    read(browser, kyc_id, NIK)
    let_lease_run_out(kyc_id)
    other = visit(make_staff())
    claim(other, kyc_id)
    assert (check_of(kyc_id).number_tries, check_of(kyc_id).number_matched) == (0, None)
    assert verify(other, kyc_id, number_unreadable=None).status_code == 422, "each reviewer reads it himself"


def test_only_the_holder_reads_it(case, visit):
    browser, kyc_id = case
    token = held(kyc_id)["lease_token"]
    assert read(visit(make_staff()), kyc_id, NIK, lease_token=token).status_code == 423
    let_lease_run_out(kyc_id)
    assert read(browser, kyc_id, NIK).status_code == 423
    claim(browser, kyc_id)
    reject(browser, kyc_id, "BLURRY")
    assert read(browser, kyc_id, NIK, lease_token=token).status_code == 409
    assert audit_events("kyc.number-checked") == []


def test_the_number_tells_what_it_says_and_warns_without_refusing(case):
    browser, kyc_id = case
    page = read(browser, kyc_id, NIK).text
    for said in ("Jawa Barat", "5 Apr 1994", "Woman"):
        assert said in page
    odd = read(browser, kyc_id, "0073014504990001")
    assert odd.status_code == 200
    assert "There is no province with these first two digits." in odd.text


def test_what_was_answered_so_far_stays_on_the_page(case):
    browser, kyc_id = case
    page = read(browser, kyc_id, WRONG, **{"checks-readable": "yes", "checks-same_person": "no"}).text
    shown = filled_in(page)
    assert (shown["number"], shown["checks-readable"], shown["checks-same_person"]) == ([WRONG], ["yes"], ["no"])


def test_the_number_stands_in_no_table_log_event_job_or_message(in_app, visit, superuser, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    kyc_id, following = make_kyc_check(number=NIK), make_kyc_check(age=timedelta(minutes=1))
    browser = visit(make_staff())
    claim(browser, kyc_id)
    for typed in (NIK, "3273 0145 0494 0001", WRONG):
        read(browser, kyc_id, typed)
    read(browser, kyc_id, NIK, htmx=True)
    verify(browser, kyc_id, number=NIK, number_unreadable=None)
    undo(browser, kyc_id, number=NIK)
    reject(browser, kyc_id, "NUMBER_MISMATCH", number=NIK)
    read(browser, following, NIK)
    release_all()
    work_off(in_app)
    said = capsys.readouterr()
    places = {
        **everything_in(superuser),
        "log": caplog.text,
        "output": said.out + said.err,
        "mongo": repr([list(mongo.database[name].find()) for name in mongo.database.list_collection_names()]),
    }
    for typed in (NIK, WRONG, "3273 0145 0494 0001"):
        assert [place for place, content in places.items() if typed in content] == []
    assert str(kyc_id) in places["user_kyc"], "the search does see what is there"
    assert "kyc.number-checked" in places["audit_events"]


def test_the_number_is_not_logged_when_something_breaks(case, monkeypatch, caplog):
    browser, kyc_id = case

    def breaks(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(claims.audit, "record", breaks)
    assert read(browser, kyc_id, NIK).status_code == 500
    assert "broken" in caplog.text
    assert NIK not in caplog.text
    assert check_of(kyc_id).number_tries == 0


def everything_in(superuser):
    """Every row of every table as text."""
    with superuser.connect() as connection:
        tables = connection.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).all()
        return {table: "\n".join(connection.scalars(text(f"SELECT t::text FROM {table} t"))) for table in tables}
