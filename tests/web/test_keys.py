"""The `?` dialog of a page names every key that works on it."""

import re

import pytest

from portal.permissions import Role
from tests.factories import make_customer, make_kyc_check, make_loan, make_score, make_staff

NAMES = {"escape": "ESC"}


def pages(rina):
    return {
        Role.KYC_REVIEWER: ["/", "/kyc", f"/kyc/{make_kyc_check(held_by=rina)}", "/customers", "/account"],
        Role.CREDIT_ANALYST: ["/credit-scores", f"/credit-scores/{make_score()}", f"/loans/{make_loan()}", "/loans"],
        Role.ADMIN: ["/", "/staff", f"/staff/{rina.auth_id}", "/audit", f"/customers/{make_customer()}"],
    }


@pytest.mark.parametrize("role", [Role.KYC_REVIEWER, Role.CREDIT_ANALYST, Role.ADMIN])
def test_every_key_of_a_page_stands_in_its_dialog(in_app, visit, role):
    rina = make_staff(role)
    browser = visit(rina)
    for url in pages(rina)[role]:
        page = browser.get(url).text
        above, dialog = page.split('<dialog class="dialog dialog--s" id="shortcuts"')
        named = {key.upper() for key in re.findall(r"<kbd>([^<]+)</kbd>", dialog.split("</dialog>")[0])}
        keys = {NAMES.get(key, key.upper()) for key in re.findall(r'data-(?:key|go)="([^"]+)"', above)}
        if 'id="results"' in above and "data-row" in above:
            keys |= {"J", "K", "ENTER"}
        assert len(keys) >= 3
        assert keys <= named, (url, keys - named)
