"""What a person does in the browser, and the submissions that lie ready for it."""

import re
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect

from portal.demo.images import Specimen, document_front, selfie
from portal.kyc.images import store
from tests.client import PASSWORD
from tests.factories import Staff, make_customer, make_kyc_check

LONG_NAME = "Maria Magdalena Simbolon boru Hutagalung"
NIK = "3273014504940001"  # Jawa Barat, a woman, born on 5 April 1994


def sign_in(page: Page, staff: Staff) -> None:
    """Through the form that is there."""
    page.get_by_label("Email").fill(staff.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).not_to_have_url(re.compile("/login"))
    page.wait_for_load_state()


def sees(page: Page, heading: str) -> None:
    """Wait until the page with this main heading is there, and its scripts with it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def hold_down(page: Page, key: str, repeats: int = 8) -> None:
    """Lay a finger on a key and leave it there: the keyboard repeats it."""
    for _ in range(repeats):
        page.keyboard.down(key)
        page.wait_for_timeout(15)


def check_number(page: Page, number: str = NIK) -> None:
    """Type the number and press Enter."""
    page.locator("#number-input").fill(number)
    page.keyboard.press("Enter")


def answer_all(page: Page, count: int = 5) -> None:
    """The checklist by keys, every line with Yes."""
    expect(page.locator("#verify")).to_be_visible()
    page.wait_for_load_state()
    press(page, *(str(number) for number in range(1, count + 1)))
    expect(page.locator("[data-done]")).to_have_text(str(count))


def make_drawn_check(fullname: str = "Siti Rahmawati", **given: Any) -> UUID:
    """A submission with photos that show something."""
    kyc_id = given.pop("kyc_id", uuid4())
    user_id = given.pop("user_id", None) or make_customer(fullname=fullname)
    front, portrait = _photos(str(given.get("document_type", "ktp")))
    store.keep(kyc_id, "front", front)
    store.keep(kyc_id, "selfie", portrait)
    return make_kyc_check(**{"number": NIK, **given}, kyc_id=kyc_id, user_id=user_id, has_images=False)


@cache
def _photos(document_type: str) -> tuple[bytes, bytes]:
    specimen = Specimen(
        document_type, NIK, "Siti Rahmawati", date(1994, 4, 5), True, "Bandung", "Jawa Barat", 7, date(2031, 4, 5)
    )
    return document_front(specimen), selfie(specimen)
