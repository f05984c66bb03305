"""What every page has around it, and the pages of errors."""

from uuid import uuid4

from playwright.sync_api import expect

from portal.kyc.models import KycStatus
from portal.permissions import Role
from tests.browser.acting import press
from tests.factories import make_kyc_check, make_staff

POST_HOLD = """(form, url) => {
  form.action = url;
  form.append(Object.assign(document.createElement('input'), { name: 'lease_token', value: crypto.randomUUID() }));
  form.submit();
}"""


def keyboard_shortcuts(look, rina, **_):
    page = look(f"/kyc/{make_kyc_check(held_by=rina)}")
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    return page


def menu(look, **_):
    page = look("/kyc")
    page.locator(".usermenu > summary").click()
    return page


def idle_notice(look, rina, **_):
    page = look(own=True)
    page.clock.install()
    page.goto("/")
    page.clock.fast_forward(13 * 60_000)
    expect(page.get_by_role("button", name="Stay signed in")).to_be_visible()
    return page


def error_403(look, **_):
    page = look(staff=make_staff(Role.SUPPORT_AGENT))
    page.goto("/kyc")
    expect(page.get_by_role("main")).to_contain_text("403")
    return page


def error_404(look, **_):
    page = look(f"/kyc/{uuid4()}")
    expect(page.get_by_role("main")).to_contain_text("404")
    return page


def error_404_for_a_stranger(look, **_):
    page = look("/nothing/here", staff=None)
    expect(page.get_by_role("main")).to_contain_text("404")
    return page


def error_409(look, **_):
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED, has_images=False)
    page = look()
    page.locator("form[data-leave]").evaluate(POST_HOLD, f"/kyc/{kyc_id}/hold")
    expect(page.get_by_role("main")).to_contain_text("409")
    return page


PAGES = [
    keyboard_shortcuts,
    menu,
    idle_notice,
    error_403,
    error_404,
    error_404_for_a_stranger,
    error_409,
]
