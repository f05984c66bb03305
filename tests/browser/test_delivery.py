"""From a reviewer's key to the customer's letter box, and what support reads of it: real servers all the way."""

import sys
import time

import pytest
from playwright.sync_api import expect

from portal.permissions import Role
from tests.browser.acting import NIK, answer_all, check_number, make_drawn_check, press, sees
from tests.factories import make_customer, make_staff
from tests.notifications.providers import gateway, mailbox
from tests.notifications.working import release_all, waiting, written

pytestmark = pytest.mark.browser

SITI, BUDI = "Siti Rahmawati", "Budi Santoso"


@pytest.fixture
def providers(start):
    """A mail server and a gateway of their own, and a worker that sends through them."""
    with mailbox() as box, gateway() as stub:
        command = (sys.executable, "-m", "flask", "--app", "wsgi", "worker")
        worker = start("sender", *command, EMAIL_URL=box.url, SMS_URL=stub.url, MAIL_FROM="portal@lender.example")
        yield box, stub
        worker.stop()


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def verify(page, kyc_id, name, number):
    page.goto(f"/kyc/{kyc_id}")
    sees(page, name)
    answer_all(page)
    check_number(page, number)
    expect(page.locator("#number-result")).to_have_text("Matches the number the customer gave.")
    press(page, "v", "Enter")
    expect(page.locator(".toast")).to_contain_text(f"{name} verified.")


def test_a_verified_customer_is_told_once_after_the_hold_and_the_log_says_how(in_app, rina, open_page, providers):
    box, stub = providers
    told = {
        SITI: make_customer(fullname=SITI, email="siti@example.com", preferences={"language": "en"}),
        BUDI: make_customer(
            fullname=BUDI, phone_number="+628123456789", preferences={"language": "id", "channels": ["sms"]}
        ),
    }
    page = open_page(rina)
    for number, (name, user_id) in enumerate(told.items()):
        held = make_drawn_check(user_id=user_id, number=NIK[:-1] + str(number), held_by=rina)
        verify(page, held, name, NIK[:-1] + str(number))
    time.sleep(2)
    assert (written(), box.mails, stub.requests) == ([], [], []), "nothing leaves while it can be undone"

    release_all()
    until(lambda: [message["notification_status"] for message in written()] == ["sent", "sent"])
    assert waiting() == []
    ((mail,), (sms,)) = box.mails, stub.requests
    letter, text = written()
    assert mail["Message-ID"] == f"<{letter['_id']}@lender.example>"
    assert (mail["To"], mail["Subject"]) == ("siti@example.com", "Your identity is verified")
    assert f"Hello {SITI}, we have checked" in mail.get_body(("html",)).get_content()
    assert (sms["id"], sms["to"]) == (str(text["_id"]), "+628123456789")
    assert sms["content"].startswith(f"Halo {BUDI}, dokumen identitas Anda")

    maya = open_page(make_staff(Role.SUPPORT_AGENT), "/notifications")
    rows = maya.locator("#results tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.locator('[data-status="sent"]')).to_have_count(2)
    maya.locator(f"#row-{letter['_id']}").click()
    panel = maya.locator("#panel")
    expect(panel.frame_locator("iframe").locator("body")).to_contain_text(f"Hello {SITI}, we have checked")
    expect(panel.locator("#attempts")).to_contain_text("SMTP 250")
    expect(panel).to_contain_text("s***@e***.com")
    maya.locator(f"#row-{text['_id']}").click()
    expect(panel).to_contain_text(f"Halo {BUDI}, dokumen identitas Anda")
    expect(panel.locator("#attempts")).to_contain_text("HTTP 200")
    assert len(box.mails) == len(stub.requests) == 1
