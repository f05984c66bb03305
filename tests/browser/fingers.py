"""An authenticator told over DevTools that somebody puts a finger on it."""

import re

from playwright.sync_api import Page, expect

FINGER = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


WITHOUT_AUTOFILL = "delete PublicKeyCredential.isConditionalMediationAvailable"


class Finger:
    """The authenticator of one page."""

    def __init__(self, page: Page) -> None:
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable", {"enableUI": False})
        self.id = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": FINGER})["authenticatorId"]

    def is_right(self, value: bool) -> None:
        """Whether the device knows whose finger it is."""
        self.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": value})


def sign_out(page: Page) -> None:
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
