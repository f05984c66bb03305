"""Every page as everybody can use it: axe, both themes, four widths, two languages, by keyboard."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.acting import press, sees
from tests.browser.pages import accounts, checks, customers, frame, homes
from tests.browser.seeing import faults, misfits, tab_stops
from tests.client import PASSWORD

pytestmark = pytest.mark.browser

PLACE = "[...document.querySelectorAll('input, textarea, select')].indexOf(document.activeElement)"
PAGES = [*accounts.PAGES, *homes.PAGES, *checks.PAGES, *customers.PAGES, *frame.PAGES]


@pytest.mark.parametrize("open_it", PAGES, ids=lambda page: page.__name__)
def test_axe_finds_nothing_and_no_page_moves_sideways(open_it, look, visit, rina):
    page = open_it(look=look, visit=visit, rina=rina)
    # What a menu covers is no target meanwhile.
    found = faults(page, within=".usermenu" if open_it is frame.menu else None)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "open_it",
    [accounts.login, homes.home_of_a_reviewer, checks.queue, checks.workspace, customers.customer_for_an_administrator],
    ids=lambda page: page.__name__,
)
def test_axe_finds_nothing_on_a_phone(open_it, look, visit, rina):
    found = faults(open_it(look=look, visit=visit, rina=rina), width=390)
    assert not found, "\n".join(found)


def test_planted_faults_are_found(look):
    page = look("/login", staff=None)
    page.evaluate("""() => {
      document.querySelector('.sub').style.color = '#787878';
      document.querySelector('.btn').style.width = '20px';
      document.querySelector('label').remove();
      document.querySelector('main').style.width = '700px';
    }""")
    said = "\n".join(faults(page))
    for fault in ("color-contrast", "label", "at 320: 700 px wide", "at 1440: clipped: ", "at 1440 in dark"):
        assert fault in said


@pytest.mark.parametrize(
    "open_it",
    [
        accounts.login_with_errors,
        accounts.account_with_errors,
        accounts.invitation_with_errors,
        checks.workspace_with_errors,
    ],
    ids=lambda page: page.__name__,
)
def test_a_summary_names_errors_in_the_order_of_the_fields_and_leads_to_them(open_it, look, visit, rina):
    page = open_it(look=look, visit=visit, rina=rina)
    places = []
    for link in page.locator(".errsum a").all():
        link.click()
        expect(page.locator(link.get_attribute("href"))).to_be_focused()
        places.append(page.evaluate(PLACE))
    assert len(places) > 1
    assert places == sorted(places)


@pytest.mark.parametrize(
    "open_it",
    [
        accounts.login,
        accounts.account,
        accounts.staff_member,
        accounts.audit_trail,
        checks.queue,
        checks.workspace,
        checks.record_of_a_verification,
    ],
    ids=lambda page: page.__name__,
)
def test_every_stop_of_the_tab_key_is_seen_and_has_a_ring(open_it, look, visit, rina):
    page = open_it(look=look, visit=visit, rina=rina)
    stops = tab_stops(page)
    assert len(stops) > 5
    assert [stop for stop in stops if stop.endswith(")")] == []


def test_the_first_stop_leads_past_the_navigation(look):
    page = look("/kyc")
    press(page, "Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    press(page, "Enter", "Tab")
    expect(page.get_by_role("link", name="Export CSV")).to_be_focused()


@pytest.mark.parametrize(
    "open_it",
    [
        accounts.login_with_errors,
        accounts.account,
        accounts.new_passkey,
        accounts.staff_list,
        accounts.staff_member,
        accounts.invitation_with_errors,
        accounts.audit_trail_of_a_customer,
        customers.customers,
        customers.found_by_id,
        customers.customer_for_support,
        customers.customer_for_an_administrator,
        customers.timeline_of_a_customer,
        customers.deletion_with_errors,
        customers.deleted_customer,
        *homes.HOMES,
        homes.decisions_of_one,
        homes.overdue_installments,
        checks.queue,
        checks.queue_without_match,
        checks.workspace,
        checks.reject_dialog,
        checks.record_of_a_rejection,
        frame.menu,
    ],
    ids=lambda page: page.__name__,
)
def test_indonesian_fits(open_it, look, visit, rina):
    page = open_it(look=partial(look, locale="id-ID"), visit=visit, rina=rina)
    expect(page.locator("html")).to_have_attribute("lang", "id")
    assert misfits(page) == []


def test_the_language_can_be_chosen_before_and_after_signing_in(rina, open_page):
    page = open_page(path="/login")
    page.get_by_role("button", name="Indonesia").click()
    expect(page.locator("html")).to_have_attribute("lang", "id")
    sees(page, "Masuk")
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_label("Email").fill(rina.email)
    page.get_by_role("button", name="Masuk", exact=True).click()
    sees(page, "Halo, Rina Wulandari")
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="English").click()
    sees(page, "Hello, Rina Wulandari")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_appearance_and_density_take_effect(look, rina):
    checks.fill_queue(rina)
    page = look("/kyc", color_scheme="light")
    row = page.locator("tr[data-row]").first

    def choose(group, word):
        page.locator(".usermenu > summary").click()
        page.get_by_role("group", name=group).get_by_role("button", name=word).click()
        expect(page.locator(".usermenu[open]")).to_have_count(0)
        page.wait_for_load_state()

    def ground():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light, tall = ground(), row.bounding_box()["height"]
    choose("Row density", "Compact")
    assert row.bounding_box()["height"] < tall
    page.emulate_media(color_scheme="dark")
    dark = ground()
    assert dark != light
    choose("Appearance", "Light")
    assert ground() == light
    page.emulate_media(color_scheme="light")
    choose("Appearance", "Dark")
    assert ground() == dark
    choose("Appearance", "System")
    assert ground() == light


def test_a_phone_has_its_menus(look):
    page = look("/kyc", viewport={"width": 390, "height": 844})
    for summary, entry in (
        (".mobilemenu > summary", ("link", "Home")),
        (".usermenu > summary", ("button", "Sign out")),
    ):
        page.locator(summary).click()
        role, name = entry
        expect(page.get_by_role(role, name=name, exact=True)).to_be_in_viewport(ratio=1)
        press(page, "Escape")
