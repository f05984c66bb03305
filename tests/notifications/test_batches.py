"""Many messages sent once more: frozen, looked at, confirmed by their number, and none of them ever twice."""

import re
from datetime import UTC, timedelta
from uuid import UUID, uuid4

import pytest

from portal.notifications import delivery
from portal.notifications.models import COLLECTION
from portal.notifications.repository import attempts
from portal.notifications.resends import batches, worker
from portal.notifications.resends.batch_pages import ITEMS
from portal.notifications.resends.models import BatchState, Resend
from portal.permissions import Role
from portal.shared import clock
from portal.shared.actor import PORTAL
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.pagination import Slice
from tests.client import at_once, error_at
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import approve, undo
from tests.notifications.bulk import batch_of, copies, make_messages, refusing
from tests.notifications.messages import make_message
from tests.notifications.providers import gateway
from tests.notifications.working import waiting, work_off
from tests.portals import settings

ALL = {"all": "y", "status": "failed"}


@pytest.fixture
def maya(in_app, visit):
    return visit(make_staff(Role.SUPPORT_AGENT))


def select(browser, **fields):
    """The batch that stands for what was chosen."""
    answer = browser.post("/notifications/resend", **fields)
    assert answer.status_code == 303
    return UUID(answer.location.rpartition("/")[2])


def act(browser, batch_id, verb, **fields):
    return browser.post(f"/notifications/batches/{batch_id}/{verb}", **{"version": version_of(batch_id), **fields})


def version_of(batch_id):
    return batch_of(batch_id).version


def numbers(batch_id):
    """(result, code) → how many."""
    return {(one.result.value, one.code): one.number for one in batch_of(batch_id).reasons}


def run(app, batch_id, maya, **fields):
    """Confirm what can go out and let a worker do it."""
    answer = act(maya, batch_id, "confirm", number=batch_of(batch_id).ready, **fields)
    assert answer.status_code == 303
    work_off(app)


def test_a_dry_run_says_how_many_can_go_out_and_why_the_others_cannot(maya):
    siti = make_customer()
    make_message()
    make_message(notification_status="sent")
    make_message(user_id=make_customer(status="inactive"))
    make_message(user_id=make_customer(phone_number=None))
    make_message(error_class="permanent")
    make_message(notification_failed_at=clock.now() - timedelta(minutes=2))
    kind = {"user_id": siti, "context": {"message": "welcome"}}
    make_message(**kind)
    make_message(age=timedelta(minutes=5), notification_status="sent", **kind)
    batch_id = select(maya, all="y")
    assert numbers(batch_id) == {
        ("ready", "yes"): 1,
        ("ready", "sent"): 2,
        ("skipped", "inactive"): 1,
        ("skipped", "no_address"): 1,
        ("skipped", "permanent"): 1,
        ("skipped", "too_soon"): 1,
        ("skipped", "newer"): 1,
    }
    page = maya.get(f"/notifications/batches/{batch_id}").text
    for sentence in ("no longer active", "no address for this channel", "less than 10 minutes ago", "Open this one"):
        assert sentence in page
    assert copies() == []
    assert audit_events("message.resent") == []


def test_ticked_messages_are_meant_and_no_others(maya):
    ticked = [make_message() for _ in range(3)]
    make_message()
    batch_id = select(maya, message=[*ticked[:2], uuid4(), "nonsense"])
    assert {
        item.line.id for item in ITEMS.page(ITEMS.read({"batch_id": str(batch_id)}), Slice(), actor=PORTAL).rows
    } == set(ticked[:2])


def test_nothing_chosen_is_refused(maya):
    answer = maya.post("/notifications/resend")
    assert answer.status_code == 422
    assert "No message is chosen." in answer.text
    assert maya.post("/notifications/resend", all="y", status="nonsense").status_code == 422


def test_more_than_the_most_are_refused(maya, monkeypatch):
    monkeypatch.setattr(batches, "MAX_SELECTED", 3)
    make_messages(4)
    answer = maya.post("/notifications/resend", **ALL)
    assert answer.status_code == 422
    assert "Narrow the filters" in answer.text


def test_what_comes_in_later_is_not_meant(maya, in_app):
    make_messages(2)
    batch_id = select(maya, **ALL)
    make_messages(3)
    run(in_app, batch_id, maya)
    assert len(copies()) == 2


def test_a_message_and_its_copy_count_once(maya, in_app):
    make_messages(1)
    run(in_app, select(maya, **ALL), maya)
    long_ago = {"notification_status": "failed", "created_at": clock.now() - timedelta(minutes=30)}
    mongo.database[COLLECTION].update_many({"resend_of": {"$ne": None}}, {"$set": long_ago})
    db.session.query(Resend).update({"requested_at": clock.now() - timedelta(hours=2)})
    db.session.commit()
    again = select(maya, **ALL)
    assert (batch_of(again).selected, batch_of(again).copies, batch_of(again).ready) == (2, 1, 1)
    run(in_app, again, maya)
    assert len(copies()) == 2


def test_it_goes_out_when_its_number_is_typed_and_each_once(maya, in_app):
    make_messages(200, created_at=clock.now() - timedelta(hours=3))
    bad = {f"+62812999{number:04d}" for number in range(6)}
    for number, phone in enumerate(sorted(bad)):
        make_message(user_id=make_customer(phone_number=phone), notification_title=f"Buruk {number}")
    batch_id = select(maya, **ALL)
    wrong = act(maya, batch_id, "confirm", number=205)
    assert wrong.status_code == 422
    assert error_at(wrong.text, "number") == "Type the number of messages that can go out, as it stands above."
    with gateway(refusing(bad)) as stub, settings(sms_url=stub.url):
        run(in_app, batch_id, maya)
        assert batch_of(batch_id).state is BatchState.DONE
        assert (batch_of(batch_id).queued, batch_of(batch_id).on_their_way) == (206, 206)
        send_all()
    assert set(stub.taken.values()) == {1}
    batch = batch_of(batch_id)
    assert (batch.sent, batch.failed, batch.skipped, batch.left) == (200, 6, 0, 0)
    page = maya.get(f"/notifications/batches/{batch_id}?result=queued")
    assert page.text.count('data-status="failed"') == 6
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == 206
    assert {copy["batch_id"] for copy in copies()} == {batch_id}
    assert len(audit_events("message.resent")) == 206
    (confirmed,) = audit_events("messages.batch-confirmed")
    assert confirmed.details == {"number": 206, "filters": {"status": "failed"}}


def send_all(channel="sms"):
    while attempts.is_any_due(channel, clock.now()):
        delivery.deliver(channel=channel, slot=0)


def test_double_clicks_replays_and_two_agents_start_one_run(maya, in_app, visit):
    make_messages(5)
    batch_id, command = select(maya, **ALL), str(uuid4())
    other = visit(make_staff(Role.SUPPORT_AGENT))
    other.get(f"/notifications/batches/{batch_id}")
    fields = {"version": version_of(batch_id), "number": 5}
    url = f"/notifications/batches/{batch_id}/confirm"
    answers = at_once(
        lambda: maya.tab().post(url, command_id=command, **fields),
        lambda: maya.tab().post(url, command_id=command, **fields),
        lambda: other.tab().post(url, **fields),
    )
    assert sorted(answer.status_code for answer in answers) in ([303, 303, 409], [303, 409, 409])
    assert len(waiting("notifications.work-batch")) == 1
    work_off(in_app)
    assert maya.post(url, command_id=command, **fields).status_code in {303, 409}
    work_off(in_app)
    assert len(copies()) == 5
    assert len(audit_events("messages.batch-confirmed")) == 1


def test_a_double_click_makes_one_batch(maya):
    make_messages(2)
    command = str(uuid4())
    first = select(maya, command_id=command, **ALL)
    assert select(maya, command_id=command, **ALL) == first


def test_two_batches_with_the_same_messages_send_each_once(maya, in_app):
    make_messages(5)
    one, other = select(maya, **ALL), select(maya, **ALL)
    for batch_id in (one, other):
        act(maya, batch_id, "confirm", number=5)
    work_off(in_app)
    assert len(copies()) == 5
    assert {("queued", "yes"): 5} in (numbers(one), numbers(other))
    assert {("skipped", "pending"): 5} in (numbers(one), numbers(other))


def test_each_is_looked_at_again_when_its_turn_comes(maya, in_app):
    loan_id = make_loan()
    held = approve(loan_id)
    make_message(loan_id=loan_id, context={"message": "loan-approved", "status": "approved"})
    siti = make_customer()
    make_message(user_id=siti)
    make_messages(2)
    batch_id = select(maya, **ALL)
    assert batch_of(batch_id).ready == 4
    undo(loan_id, held)
    mongo.database[COLLECTION].update_one({"user_id": siti}, {"$set": {"notification_status": "sent"}})
    run(in_app, batch_id, maya)
    assert numbers(batch_id) == {("queued", "yes"): 2, ("skipped", "stale"): 1, ("skipped", "sent"): 1}
    assert len(copies()) == 2


def test_a_reason_is_asked_for_where_one_was_sent_before(maya, in_app):
    make_message(notification_status="sent")
    batch_id = select(maya, all="y")
    missing = act(maya, batch_id, "confirm", number=1)
    assert missing.status_code == 422
    assert error_at(missing.text, "reason") == "Some were sent before. Write why they go out again."
    run(in_app, batch_id, maya, reason="The app lost it.")
    assert copies()[0]["resend_reason"] == "The app lost it."


def test_stopped_means_that_nothing_more_goes_out(maya, in_app, monkeypatch):
    monkeypatch.setattr(worker, "BATCH_SIZE", 10)
    make_messages(30)
    batch_id = select(maya, **ALL)
    act(maya, batch_id, "confirm", number=30)
    worker.work(batch_id=str(batch_id), slot=0)
    assert act(maya, batch_id, "cancel").status_code == 303
    work_off(in_app)
    batch = batch_of(batch_id)
    assert (batch.state, batch.queued, batch.ready) == (BatchState.CANCELLED, 10, 20)
    assert "20 were stopped before their turn" in maya.get(f"/notifications/batches/{batch_id}").text
    assert len(copies()) == 10
    assert act(maya, batch_id, "confirm", number=20).status_code == 409
    assert len(audit_events("messages.batch-stopped")) == 1


def test_run_again_it_takes_those_that_are_left_and_nobody_twice(maya, in_app, monkeypatch):
    monkeypatch.setattr(worker, "BATCH_SIZE", 10)
    make_messages(30)
    batch_id = select(maya, **ALL)
    act(maya, batch_id, "confirm", number=30)
    worker.work(batch_id=str(batch_id), slot=0)
    act(maya, batch_id, "cancel")
    work_off(in_app)
    first = {copy["resend_of"] for copy in copies()}
    assert act(maya, batch_id, "rerun").status_code == 303
    assert (batch_of(batch_id).state, batch_of(batch_id).ready) == (BatchState.COUNTED, 20)
    run(in_app, batch_id, maya)
    originals = [copy["resend_of"] for copy in copies()]
    assert len(originals) == len(set(originals)) == 30
    assert first < set(originals)
    assert act(maya, batch_id, "rerun").status_code == 303
    assert batch_of(batch_id).ready == 0
    assert "None of these can go out now." in maya.get(f"/notifications/batches/{batch_id}").text


def test_more_than_can_be_looked_at_at_once_are_counted_by_a_worker(maya, in_app, monkeypatch):
    monkeypatch.setattr(worker, "MAX_JUDGED", 10)
    make_messages(25)
    batch_id = select(maya, **ALL)
    assert batch_of(batch_id).state is BatchState.COUNTING
    page = maya.get(f"/notifications/batches/{batch_id}").text
    assert "Looked at 0 of 25" in page
    poll = re.search(r'hx-get="([^"]+)"', page)[1].replace("&amp;", "&")
    assert maya.get(poll, htmx=True).status_code == 204
    work_off(in_app)
    answer = maya.get(poll, htmx=True)
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    assert numbers(batch_id) == {("ready", "yes"): 25}


def test_a_count_that_is_stopped_looks_no_further(maya, in_app, monkeypatch):
    monkeypatch.setattr(worker, "MAX_JUDGED", 10)
    make_messages(25)
    batch_id = select(maya, **ALL)
    act(maya, batch_id, "cancel")
    work_off(in_app)
    assert numbers(batch_id) == {("selected", ""): 25}


def test_a_list_of_all_batches_and_pages_of_their_items(maya, in_app):
    make_messages(60)
    ids = [select(maya, **ALL) for _ in range(2)]
    page = maya.get("/notifications/batches").text
    assert page.index(str(ids[1])) < page.index(str(ids[0]))
    seen, url = [], f"/notifications/batches/{ids[0]}?result=ready"
    while url:
        text = maya.get(url).text
        seen += re.findall(r'data-row="([^"]+)"', text)
        older = re.search(r'href="(/notifications/batches/[^"]+after=[^"]+)"', text)
        url = older and older[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 60
    assert seen == [str(item["_id"]) for item in mongo.database[COLLECTION].find().sort("created_at", -1)]


def test_nobody_else_finds_a_batch_that_is_not_there(maya):
    assert maya.get(f"/notifications/batches/{uuid4()}").status_code == 404
    assert act_on_nothing(maya) == {404}


def act_on_nothing(maya):
    verbs = ("confirm", "cancel", "rerun")
    return {maya.post(f"/notifications/batches/{uuid4()}/{verb}", version=1, number=1).status_code for verb in verbs}


def test_totals_are_read_from_an_index(in_app):
    match = {"$match": {"batch_id": uuid4()}}
    group = {"$group": {"_id": "$notification_status", "number": {"$sum": 1}}}
    asked = {"aggregate": COLLECTION, "pipeline": [match, group], "cursor": {}}
    plan = mongo.database.command("explain", asked, codec_options=mongo.database.codec_options)
    assert "'indexName': 'batch'" in str(plan)
    assert "COLLSCAN" not in str(plan)


def test_payment_messages_are_scheduled_for_the_next_hours_that_the_law_allows(maya, in_app, monkeypatch):
    today = clock.now().astimezone(clock.WIB).replace(hour=12, minute=0, second=0, microsecond=0)
    sunday = today + timedelta(days=6 - today.weekday())
    make_messages(3, notification_category="payment", created_at=sunday - timedelta(days=1))
    make_messages(2, created_at=sunday - timedelta(days=1))
    monkeypatch.setattr(clock, "now", lambda: sunday)
    batch_id = select(maya, **ALL)
    assert numbers(batch_id) == {("ready", "window"): 3, ("ready", "yes"): 2}
    monday = sunday.replace(hour=8) + timedelta(days=1)
    when = f'<time datetime="{monday.astimezone(UTC).isoformat(timespec="seconds")}">'
    page = maya.get(f"/notifications/batches/{batch_id}").text
    assert "It is sent at the next such time. The first one: " + when in page
    run(in_app, batch_id, maya)
    assert numbers(batch_id) == {("queued", "window"): 3, ("queued", "yes"): 2}
    assert sorted(copy["due_at"] for copy in copies()) == [sunday] * 2 + [monday] * 3
    assert maya.get(f"/notifications/batches/{batch_id}?result=queued").text.count(when) == 4


def test_what_is_no_longer_true_cannot_go_out(maya):
    loan_id = make_loan()
    held = approve(loan_id)
    make_message(loan_id=loan_id, context={"message": "loan-approved", "status": "approved"})
    undo(loan_id, held)
    batch_id = select(maya, **ALL)
    assert numbers(batch_id) == {("skipped", "stale"): 1}
    page = maya.get(f"/notifications/batches/{batch_id}").text
    assert "What the message says is no longer true." in page
    assert act(maya, batch_id, "confirm", number=0).status_code == 422
