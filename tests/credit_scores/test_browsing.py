"""The list of credit scores: who waits for whom, in which order, page by page, at which cost."""

import re
from datetime import timedelta
from html import unescape
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from portal.permissions import Role
from portal.shared.database import db
from portal.shared.pagination import PAGE_SIZE, Cursor
from portal.shared.vocabulary import RiskLevel
from tests.credit_scores.book import approve, reject, score_of
from tests.factories import audit_events, make_evaluation, make_score, make_staff
from tests.loans.book import rows_of, said, sql
from tests.loans.test_budgets import OF_A_LIST, counted

OF_A_PAGE = 14


@pytest.fixture
def analyst(in_app, visit):
    return visit(make_staff(Role.CREDIT_ANALYST))


def shown(analyst, query=""):
    answer = analyst.get(f"/credit-scores?{query}")
    assert answer.status_code == 200, query
    return rows_of(answer)


def hours(number):
    return timedelta(hours=number)


def make_many(superuser, number, **columns):
    """So many credit scores at once, each of a loan that only it knows."""
    values = {
        "credit_score_id": "gen_random_uuid()",
        "user_id": "gen_random_uuid()",
        "loan_id": "gen_random_uuid()",
        "internal_score": "i % 1000",
        "risk_level": "'low'",
        "created_at": "now() - (i / 3) * interval '1 minute'",  # three at the same moment
        **columns,
    }
    statement = f"INSERT INTO credit_scores ({', '.join(values)}) SELECT {', '.join(values.values())}"
    sql(superuser, f"{statement} FROM generate_series(1, {number}) i")


def test_what_waits_for_an_analyst_comes_first_and_the_oldest_on_top(analyst):
    young, old = make_score(age=hours(1)), make_score(age=hours(30))
    lacks_manual = make_score(age=hours(10), mandatory={"manual"})
    waits = make_score(age=hours(40), internal=None)
    done, refused = make_score(age=hours(50)), make_score(age=hours(60))
    approve(done)
    reject(refused, "OTHER")
    assert shown(analyst) == [old, lacks_manual, young]
    assert shown(analyst, "turn=services") == [waits]
    assert shown(analyst, "decision=approved") == [done]
    assert shown(analyst, "decision=rejected") == [refused]


def test_decided_ones_are_listed_newest_first(analyst):
    made = [make_score(age=hours(age)) for age in (3, 1, 2)]
    for score_id in made:
        approve(score_id)
    assert shown(analyst, "decision=approved") == [made[1], made[2], made[0]]


def test_each_missing_source_can_be_asked_for(analyst):
    every = {"internal", "external", "manual"}
    internal = make_score(age=hours(3), internal=None, mandatory=every)
    external = make_score(age=hours(2), external=None, mandatory=every)
    manual = make_score(age=hours(1), mandatory=every)
    optional = make_score(internal=None, external=None, mandatory=())
    assert shown(analyst, "missing=internal") == [internal]
    assert shown(analyst, "missing=external") == [external]
    assert shown(analyst, "missing=manual") == [internal, external, manual]
    assert shown(analyst) == [manual, optional]
    assert shown(analyst, "turn=services") == [internal, external]


def test_risk_level_and_age_narrow_it(analyst):
    low, high = (make_score(internal=s, external=s, age=hours(h)) for s, h in ((900, 30), (100, 2)))
    vendor = make_score(internal=900, external=900, age=hours(1))
    make_evaluation(loan_id=score_of(vendor).loan_id, risk_level=RiskLevel.HIGH)
    assert shown(analyst, "risk_level=low") == [low]
    assert shown(analyst, "risk_level=high") == [high, vendor]
    assert shown(analyst, "risk_level=medium") == []
    assert shown(analyst, "age=late") == [low]
    assert shown(analyst, "age=late&risk_level=high") == []
    assert shown(analyst, "risk_level=low&missing=internal") == [], "what lacks a score has no level"
    approve(low)
    assert shown(analyst, "decision=approved&risk_level=low") == [low]
    assert shown(analyst, "decision=approved&risk_level=high") == []


@pytest.mark.parametrize("query", ["decision=x", "risk_level=x", "missing=x", "age=x", "turn=x", "turn="])
def test_an_unknown_filter_counts_as_none(analyst, query):
    score_id = make_score()
    assert shown(analyst, query) == [score_id]


@pytest.mark.parametrize("place", ["after=x", "before=x"])
def test_an_incomplete_place_is_refused(analyst, place):
    assert analyst.get(f"/credit-scores?{place}").status_code == 422


def test_a_line_says_what_is_missing_and_what_it_makes(analyst):
    make_score(internal=642, external=None, mandatory={"internal", "external", "manual"})
    told = said(analyst.get("/credit-scores?turn=services"))
    assert "321 so far" in told
    assert "642" in told
    assert "missing" in told


@pytest.mark.parametrize(
    "query", ["", "risk_level=low", "age=late", "decision=approved", "decision=approved&risk_level=low"]
)
def test_every_row_is_on_exactly_one_page_there_and_back(analyst, superuser, query):
    if "approved" in query:
        make_many(superuser, 80, decision="'approved'")
    else:
        make_many(superuser, 80, created_at="now() - interval '2 days' - (i / 3) * interval '1 minute'")
    order = "DESC" if "approved" in query else "ASC"
    expected = list(
        db.session.scalars(text(f"SELECT credit_score_id FROM credit_scores ORDER BY created_at {order}, 1 {order}"))
    )
    db.session.rollback()
    url, pages = f"/credit-scores?{query}", []
    while url:
        answer = analyst.get(url)
        pages.append(rows_of(answer))
        url = link(answer, "next")
        last = answer
    assert [row for page in pages for row in page] == expected
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 5]
    back, answer = [pages[-1]], last
    while url := link(answer, "prev"):
        answer = analyst.get(url)
        back.append(rows_of(answer))
    assert back[::-1] == pages


def link(answer, rel):
    """Where the pager leads: the address with ``after`` (next) or ``before`` (prev) of that page."""
    name = {"next": "after", "prev": "before"}[rel]
    found = {unescape(url) for url in re.findall(r'href="(/credit-scores\?[^"]*)"', answer.text)}
    return next((url for url in found if f"{name}=" in url), None)


def test_a_row_decided_meanwhile_costs_no_other_its_place(analyst, superuser):
    make_many(superuser, 60)
    first = analyst.get("/credit-scores")
    sql(superuser, "UPDATE credit_scores SET decision = 'approved' WHERE credit_score_id = :id", id=rows_of(first)[3])
    second = analyst.get(link(first, "next"))
    assert not set(rows_of(first)) & set(rows_of(second))
    assert len(rows_of(second)) == PAGE_SIZE


def test_the_counts_stand_at_the_tabs(analyst, superuser):
    make_many(superuser, 1200, decision="'rejected'")
    make_many(superuser, 3, external_score_mandatory="true")
    make_many(superuser, 2)
    told = said(analyst.get("/credit-scores"))
    for words in ("Waiting for an analyst 2", "Waiting for scores 3", "Approved 0", "Rejected 1.000+"):
        assert words.replace(" ", "") in told.replace(" ", ""), words


@pytest.mark.parametrize("is_fragment", [False, True], ids=["page", "fragment"])
def test_the_list_costs_at_most_six_statements(analyst, superuser, is_fragment):
    make_many(superuser, 1500)
    for _ in range(3):
        make_score(age=hours(2000))
    for query in ("", "turn=services", "decision=approved", "risk_level=low", "missing=manual", "age=late"):
        with counted() as sent:
            answer = analyst.get(f"/credit-scores?{query}", htmx=is_fragment)
        assert answer.status_code == 200
        assert len(sent) <= OF_A_LIST, (query, sent)


def test_a_scores_page_costs_the_same_however_long_its_log(analyst):
    short, long = make_score(manual=1), make_score(manual=1)
    many = text(
        "INSERT INTO credit_scores_list (id, credit_score_id, credit_score, credit_score_source, entered_by)"
        " SELECT gen_random_uuid(), :id, i % 1000, 'manual', gen_random_uuid() FROM generate_series(1, 500) i"
    )
    db.session.execute(many, {"id": long})
    db.session.commit()
    costs = []
    for score_id in (short, long):
        analyst.get(f"/credit-scores/{score_id}")
        with counted() as sent:
            assert analyst.get(f"/credit-scores/{score_id}").status_code == 200
        costs.append(len(sent))
    assert costs[0] == costs[1] <= OF_A_PAGE, sent


@pytest.mark.slow
def test_every_page_of_the_list_is_read_from_an_index_in_its_order(analyst, superuser):
    """At size no statement sorts, and none looks at more than a few hundred entries for its 26 rows."""
    decision = "CASE i % 4 WHEN 0 THEN 'approved' WHEN 1 THEN 'rejected' ELSE 'pending' END::credit_decision"
    level = "CASE i % 3 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' ELSE 'high' END::risk_level"
    flags = {"manual_score_mandatory": "i % 7 = 0", "external_score_mandatory": "i % 5 = 0"}
    make_many(superuser, 60_000, decision=decision, risk_level=level, **flags)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE credit_scores"))
    middle = db.session.execute(
        text("SELECT created_at, credit_score_id FROM credit_scores OFFSET 30000 LIMIT 1")
    ).one()
    db.session.rollback()
    for query, place in product(QUERIES, ("", "after", "before")):
        url = f"/credit-scores?{query}" + (f"&{place}={Cursor(*middle)}" if place else "")
        plan = plan_of_list(analyst, url)
        assert not [kind for kind in kinds(plan) if "Sort" in kind or kind == "Seq Scan"], url
        assert plan["Actual Rows"] == PAGE_SIZE + 1, url
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 150, url


QUERIES = [
    "",
    "turn=services",
    "missing=external",
    "missing=manual",
    "age=late",
    "risk_level=high",
    "risk_level=high&age=late",
    "decision=approved",
    "decision=rejected&risk_level=low",
]


def plan_of_list(analyst, url):
    """How the statement that reads the rows of a page was carried out."""
    sent = []

    def note(connection, cursor, statement, parameters, *_):
        if "ORDER BY credit_scores.created_at" in statement:
            sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert analyst.send("GET", url).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    ((statement, parameters),) = sent
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    plan = db.session.connection().exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"]
    db.session.rollback()
    return plan


def kinds(plan):
    """The kind of every node."""
    yield plan["Node Type"]
    for inner in plan.get("Plans", []):
        yield from kinds(inner)


# One score


def test_opening_a_score_is_recorded_once_an_hour(analyst):
    score_id = make_score()
    for _ in range(3):
        assert analyst.get(f"/credit-scores/{score_id}").status_code == 200
    (opening,) = audit_events("credit-score.opened")
    assert (opening.subject, opening.of_user) == (score_id, score_of(score_id).user_id)


def test_what_is_not_there_is_not_found(analyst):
    for url in (f"/credit-scores/{uuid4()}", f"/credit-scores/of-loan/{uuid4()}", "/credit-scores/7"):
        assert analyst.get(url).status_code == 404, url


def test_reading_waits_for_nobody(analyst, superuser):
    """Neither for whoever decides it, nor for whoever looks at the customer's document."""
    score_id = make_score()
    loan_id = score_of(score_id).loan_id
    analyst.get(f"/credit-scores/{score_id}")
    with superuser.begin() as other:
        for table in ("loans", "credit_scores", "user_kyc"):
            other.execute(text(f"SELECT 1 FROM {table} FOR UPDATE"))
        for url in ("/credit-scores", f"/credit-scores/{score_id}", f"/credit-scores/of-loan/{loan_id}"):
            assert analyst.get(url).status_code == 200, url
        tried = analyst.post(f"/credit-scores/{score_id}/manual-score/preview", score="720")
        assert tried.status_code == 200
