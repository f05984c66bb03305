"""Many messages sent once more in the browser: ticked by mouse and keys, looked at, confirmed, followed, stopped."""

import re
from datetime import timedelta
from functools import partial
from threading import Thread
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from portal.notifications.log import LOG
from portal.notifications.models import COLLECTION
from portal.notifications.resends import batch_pages, batches, worker
from portal.permissions import Role
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.browser.acting import press
from tests.browser.seeing import faults, misfits
from tests.factories import make_customer, make_staff
from tests.notifications.messages import make_message
from tests.notifications.working import work_off, written

pytestmark = pytest.mark.browser

LONG_NAME = "Maria Magdalena Simbolon boru Hutagalung"


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT, display_name="Maya Anggraini")


@pytest.fixture
def look_as(maya, open_page):
    return partial(open_page, maya, reduced_motion="reduce")


def fill_log():
    """Six that can go out, one that went out before, and one each that cannot."""
    for number in range(5):
        make_message(notification_title=f"Angsuran ke-{number + 1} terlambat", age=timedelta(minutes=30 + number))
    make_message(user_id=make_customer(fullname=LONG_NAME), age=timedelta(hours=1))
    make_message(user_id=make_customer(status="inactive"), age=timedelta(hours=2))
    make_message(user_id=make_customer(phone_number=None), age=timedelta(hours=2))
    make_message(error_class="permanent", age=timedelta(hours=3))
    make_message(notification_failed_at=clock.now() - timedelta(minutes=2), age=timedelta(hours=3))


def bar(page):
    return page.get_by_role("form", name="Resend messages")


def ticked(page):
    return page.locator('#results [name="message"]:checked')


def copies():
    return [message for message in written() if message.get("resend_of")]


def test_rows_are_ticked_by_mouse_and_keys(look_as):
    fill_log()
    page = look_as("/notifications?status=failed")
    expect(bar(page)).to_be_hidden()
    page.get_by_role("row", name="Angsuran ke-1 terlambat").get_by_role("checkbox").check()
    expect(bar(page)).to_contain_text("1 selected")
    press(page, "j", "j", "Shift+X")  # from the row of the box on
    expect(ticked(page)).to_have_count(3)
    expect(bar(page)).to_contain_text("3 selected")
    press(page, "x")
    expect(ticked(page)).to_have_count(2)
    press(page, "x")
    page.get_by_label("Select all on this page").check()
    expect(bar(page)).to_contain_text("10 selected")
    bar(page).get_by_role("button", name="Clear").click()
    expect(bar(page)).to_be_hidden()
    expect(ticked(page)).to_have_count(0)
    page.get_by_label("Category").select_option("loan")
    page.get_by_role("button", name="Apply filters").click()
    expect(page).to_have_url(re.compile("category=loan"))
    press(page, "j", "x")
    expect(bar(page)).to_contain_text("1 selected")


def test_from_all_that_match_to_the_result(look_as, in_app):
    fill_log()
    page = look_as("/notifications?status=failed")
    press(page, "j", "x")
    bar(page).get_by_label("All that match the filters").check()
    bar(page).get_by_role("button", name="Resend…").click()
    expect(page.get_by_role("heading", level=2, name="Send 6 messages?")).to_be_visible()
    expect(page.locator("#batch")).to_contain_text("The customer is no longer active.")
    page.get_by_role("textbox", name="Reason").fill("The gateway was down.")
    page.get_by_label("Number of messages").fill("10")
    page.get_by_role("button", name="Send 6 messages").click()
    expect(page.locator(".errsum")).to_be_focused()
    expect(page.get_by_label("Number of messages")).to_have_value("10")
    expect(page.get_by_role("textbox", name="Reason")).to_have_value("The gateway was down.")
    page.get_by_label("Number of messages").fill("6")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 4)
    work_off_beside(in_app)
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    expect(page.locator("#batch")).to_contain_text("6 on their way")
    sent = {"$set": {"notification_status": "sent", "notification_sent_at": clock.now()}}
    mongo.database[COLLECTION].update_many({"batch_id": {"$ne": None}}, sent)
    expect(page.locator("#batch .stat").filter(has_text="Sent").first).to_contain_text("6")
    page.get_by_role("link", name="Queued").click()
    expect(page.locator('#results [data-status="sent"], [data-status="sent"]')).to_have_count(6)
    assert len(copies()) == 6


def work_off_beside(app):
    """A worker needs an event loop of its own, and Playwright's occupies this thread."""
    worker = Thread(target=work_off, args=(app,))
    worker.start()
    worker.join()


def test_stopping_and_running_again(look_as, in_app, monkeypatch):
    monkeypatch.setattr(worker, "BATCH_SIZE", 2)
    fill_log()
    page = look_as("/notifications?status=failed")
    page.get_by_label("Select all on this page").check()
    bar(page).get_by_role("button", name="Resend…").click()
    page.get_by_label("Number of messages").fill("6")
    page.get_by_role("button", name="Send 6 messages").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    worker.work(batch_id=page.url.rpartition("/")[2], slot=0)
    expect(page.locator("#batch")).to_contain_text("6 of 10 are through.")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#batch")).to_contain_text("4 were stopped before their turn")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("heading", level=2, name="Send 4 messages?")).to_be_visible()
    expect(page.locator("#batch")).to_contain_text("2 went out already")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_without_scripts(maya, open_page, in_app):
    fill_log()
    page = open_page(maya, "/notifications?status=failed", java_script_enabled=False)
    expect(page.get_by_label("Select all on this page")).to_be_hidden()
    page.get_by_role("row", name="Angsuran ke-1 terlambat").get_by_role("checkbox").check()
    bar(page).get_by_role("button", name="Clear").click()
    expect(ticked(page)).to_have_count(0)
    bar(page).get_by_label("All that match the filters").check()
    bar(page).get_by_role("button", name="Resend…").click()
    page.get_by_label("Number of messages").fill("6")
    page.get_by_role("button", name="Send 6 messages").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    work_off_beside(in_app)
    page.get_by_role("link", name="Show how it stands now").click()
    expect(page.locator("#batch")).to_contain_text("6 on their way")
    assert len(copies()) == 6


def log_with_ticks(look_as, **_):
    """No more rows than fit above the bar: what it covers is no target meanwhile."""
    for name in (LONG_NAME, "Joko", "Siti Rahmawati"):
        make_message(user_id=make_customer(fullname=name))
    page = look_as("/notifications?status=failed")
    for _ in range(3):
        press(page, "j", "x")
    return page


def dry_run(look_as, **_):
    fill_log()
    make_message(notification_status="sent")
    return look_as(f"/notifications/batches/{begin()}")


def dry_run_with_errors(look_as, **_):
    page = dry_run(look_as)
    page.locator("#number").fill("1")
    page.locator("[form=confirm]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def counting(look_as, monkeypatch, **_):
    fill_log()
    monkeypatch.setattr(worker, "MAX_JUDGED", 2)
    return look_as(f"/notifications/batches/{begin()}")


def running(look_as, monkeypatch, maya, **_):
    monkeypatch.setattr(worker, "BATCH_SIZE", 2)
    fill_log()
    confirm(batch_id := begin(), maya)
    worker.work(batch_id=str(batch_id), slot=0)
    return look_as(f"/notifications/batches/{batch_id}")


def done(look_as, in_app, maya, **_):
    fill_log()
    confirm(batch_id := begin(), maya)
    work_off_beside(in_app)
    copy = copies()[0]["_id"]
    failed = {"notification_status": "failed", "error_class": "permanent"}
    mongo.database[COLLECTION].update_many({"batch_id": batch_id}, {"$set": {"notification_status": "sent"}})
    mongo.database[COLLECTION].update_one({"_id": copy}, {"$set": failed})
    return look_as(f"/notifications/batches/{batch_id}")


def stopped(look_as, maya, **_):
    fill_log()
    confirm(batch_id := begin(), maya)
    answers = batches.BatchAnswers(version=batch_pages.show(batch_id).version)
    batches.cancel(batch_id, answers, by=uuid4(), actor=maya.actor)
    return look_as(f"/notifications/batches/{batch_id}")


def all_batches(look_as, **_):
    fill_log()
    for _ in range(3):
        begin()
    return look_as("/notifications/batches")


def no_batch(look_as, **_):
    return look_as("/notifications/batches")


def begin(status=None):
    maya = make_staff(Role.SUPPORT_AGENT, display_name="Maya Anggraini").actor
    return batches.select([], LOG.read({"status": status} if status else {}), by=uuid4(), actor=maya)


def confirm(batch_id, maya):
    batch = batch_pages.show(batch_id)
    given = {"version": batch.version, "number": batch.ready, "reason": "The gateway was down."}
    batches.confirm(batch_id, batches.ConfirmAnswers(**given), by=uuid4(), actor=maya.actor)


PAGES = [log_with_ticks, dry_run, dry_run_with_errors, counting, running, done, stopped, all_batches, no_batch]


@pytest.mark.parametrize("open_it", PAGES, ids=lambda page: page.__name__)
def test_axe_finds_nothing_and_no_page_moves_sideways(open_it, look_as, in_app, maya, monkeypatch):
    page = open_it(look_as=look_as, in_app=in_app, maya=maya, monkeypatch=monkeypatch)
    found = faults(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "open_it", [log_with_ticks, dry_run_with_errors, running, done], ids=lambda page: page.__name__
)
def test_indonesian_fits(open_it, look_as, in_app, maya, monkeypatch):
    page = open_it(look_as=partial(look_as, locale="id-ID"), in_app=in_app, maya=maya, monkeypatch=monkeypatch)
    expect(page.locator("html")).to_have_attribute("lang", "id")
    assert misfits(page) == []
