"""What somebody else wrote, on its way into a message; and when a payment may be spoken of."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.notifications import drafts as notifications
from portal.notifications import harmless
from portal.notifications.quiet import next_allowed
from portal.shared.clock import WIB
from portal.shared.database import transaction
from tests.factories import make_customer
from tests.notifications.working import release_all, waiting, work_off, written

HOSTS = {"portal.example", "help.example"}


@pytest.mark.parametrize("link", ["https://portal.example/", "https://help.example:443/a?b=c#d"])
def test_links_to_our_own_hosts_are_links(link):
    assert harmless.is_link(link, HOSTS)


@pytest.mark.parametrize(
    "link",
    [
        "", "http://portal.example/", "javascript:alert(1)", "https:/portal.example", "//portal.example/",
        "https://portal.example.evil.example/", "https://evil.example/portal.example", "https://portal.example@evil.example",
        "https://evil.example\\@portal.example", "https://u@portal.example/", "https://portal.example:8443/",
        "https://portal.example:x/", "https://[", "https://portal.example/\u202e", "https://portal.example/ a",
        "https://portal.example/\n", "https://portal.example/\0",
        "data:text/html,x", "https://portal.example/" + "x" * 255,
    ],
)  # fmt: skip
def test_nothing_else_is(link, in_app):
    assert not harmless.is_link(link, HOSTS)
    with pytest.raises(ValueError, match="our own hosts"), transaction():
        notifications.queue("kyc-verified", to=make_customer(), link=link)
    assert waiting() == []


def test_a_link_of_ours_is_kept(in_app):
    with transaction():
        notifications.queue("kyc-verified", to=make_customer(), link="https://localhost/app")
    work_off(in_app)
    assert written()[0]["notification_link"] == "https://localhost/app"


def test_words_and_names_full_of_tricks_are_kept_harmless(in_app):
    tricks = "a\u202eb\u2066c\0d\ud800e\r\nBcc: x\x1b[31m<script>\u200f" + "x" * 1_000_000
    customer = make_customer(fullname="Siti\r\nBcc: \u202emoc.live", preferences={"language": "en"})
    with transaction():
        notifications.queue("kyc-rejected", to=customer, words={"en": tricks, "id": tricks})
    release_all()
    work_off(in_app)
    message = written()[0]
    content = message["notification_content"]
    assert content.startswith("Hello Siti Bcc: moc.live, a b c d e\nBcc: x [31m<script>")
    assert len(content) == 10_000
    assert "\n" not in message["notification_title"]


@pytest.mark.parametrize(
    ("now", "zone", "allowed"),
    [
        ("2026-11-24 10:00", "Asia/Jakarta", None),
        ("2026-11-24 07:59", "Asia/Jakarta", "2026-11-24 08:00"),
        ("2026-11-24 19:59", "Asia/Jakarta", None),
        ("2026-11-24 20:00", "Asia/Jakarta", "2026-11-25 08:00"),
        ("2026-11-28 21:00", "Asia/Jakarta", "2026-11-30 08:00"),
        ("2026-11-29 12:00", "Asia/Jakarta", "2026-11-30 08:00"),
        ("2026-12-24 22:00", "Asia/Jakarta", "2026-12-26 08:00"),
        ("2026-11-24 19:00", "Asia/Makassar", "2026-11-25 07:00"),
        ("2026-11-24 06:00", "Asia/Jayapura", None),
        ("2026-11-24 18:00", None, "2026-11-25 08:00"),
        ("2026-11-24 17:59", "Nowhere/../etc", None),
    ],
)
def test_a_payment_is_spoken_of_by_day_on_workdays_only(now, zone, allowed):
    moment = datetime.fromisoformat(now).replace(tzinfo=WIB).astimezone(UTC)
    due = next_allowed(moment, zone, {date(2026, 12, 25)})
    assert due.astimezone(WIB).strftime("%Y-%m-%d %H:%M") == (allowed or now)
    assert zone is None or "/.." in zone or due.astimezone(ZoneInfo(zone)).weekday() != 6
