"""Every page as everybody can use it: axe, both themes, four widths, two languages, by keyboard."""

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal import auth
from portal.audit import service as audit
from portal.auth.models import AuthSession
from portal.kyc.models import DocumentType, KycStatus
from portal.loans.models import Payment, PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.vocabulary import ScoreSource
from tests.browser.acting import NIK, answer_all, check_number, make_drawn_check, press, sees
from tests.browser.seeing import faults, misfits, tab_stops
from tests.client import PASSWORD
from tests.factories import make_customer, make_kyc_check, make_loan, make_passkey, make_score, make_staff
from tests.kyc.desk import claim, reject, verify
from tests.loans.book import make_approved, payment_of
from tests.notifications.messages import make_message
from tests.overview.crowd import make_messages

pytestmark = pytest.mark.browser

POST_HOLD = """(form, url) => {
  form.action = url;
  form.append(Object.assign(document.createElement('input'), { name: 'lease_token', value: crypto.randomUUID() }));
  form.submit();
}"""
PLACE = "[...document.querySelectorAll('input, textarea, select')].indexOf(document.activeElement)"
LONG_NAME = "Maria Magdalena Simbolon boru Hutagalung"


def fill_queue(rina):
    """Rows with everything that a row can show."""
    dian = make_staff(display_name="Dian Kurnia")
    for hours, name, given in (
        (30, LONG_NAME, {"attempt": 3}),
        (23.5, "Suparman", {"has_duplicate": True, "attempt": 2}),
        (5, "Siti Rahmawati", {"held_by": rina}),
        (4, "Budi Santoso", {"held_by": dian, "document_type": DocumentType.SIM}),
        (1, "Joko", {"document_type": DocumentType.NPWP}),
    ):
        make_kyc_check(user_id=make_customer(fullname=name), age=timedelta(hours=hours), has_images=False, **given)


def full_workspace(rina, **given):
    """A SIM with a duplicate and an earlier attempt, held by Rina."""
    customer = make_customer(fullname=LONG_NAME)
    earlier = make_drawn_check(user_id=customer, document_type=DocumentType.SIM, age=timedelta(hours=9))
    make_kyc_check(number=NIK, has_duplicate=True, user_id=make_customer(fullname="Budi Santoso"))
    kyc_id = make_drawn_check(
        user_id=customer, document_type=DocumentType.SIM, has_duplicate=True, attempt=2, held_by=rina, **given
    )
    return kyc_id, earlier


def login(look, **_):
    return look("/login", staff=None)


def login_with_errors(look, **_):
    page = look("/login", staff=None)
    page.locator("main form:not([data-passkey]) button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def account(look, rina, **_):
    for name in ("Work laptop with a rather long name that fills the field", "Phone"):
        make_passkey(rina, name=name)
    return look("/account")


def account_with_errors(look, **_):
    page = look("/account")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def new_passkey(look, **_):
    return look("/account/passkeys/new")


def sign_in_again(look, **_):
    page = look("/login/again?next=/kyc")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Confirm and go on").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def first_password(look, **_):
    token = auth.invite("new@example.com", role=Role.KYC_REVIEWER, name="Eka")
    page = look(f"/login/token/{token}", staff=None)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Save the password").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def as_admin(look, path="/staff"):
    return look(path, staff=make_staff(Role.ADMIN, display_name="Adi Putra"))


def staff_list(look, **_):
    make_staff(Role.SUPPORT_AGENT, display_name=LONG_NAME, deactivated_at=clock.now())
    make_staff(Role.CREDIT_ANALYST, display_name="Bagas Nugroho", password_hash=None)
    return as_admin(look)


def staff_member(look, visit, rina, **_):
    """With everything that asks once more opened."""
    visit(rina)
    page = as_admin(look, f"/staff/{rina.auth_id}")
    for one in page.locator(".ask > summary").all():
        one.click()
    return page


def staff_member_before_confirming(look, rina, **_):
    page = as_admin(look)
    db.session.execute(update(AuthSession).values(verified_at=clock.now() - timedelta(minutes=11)))
    db.session.commit()
    page.goto(f"/staff/{rina.auth_id}")
    expect(page.get_by_role("link", name="Confirm")).to_be_visible()
    return page


def invitation_with_errors(look, **_):
    page = as_admin(look, "/staff/new")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def one_time_link(look, rina, **_):
    page = as_admin(look, f"/staff/{rina.auth_id}")
    page.locator(".ask > summary").first.click()
    page.locator(".ask button").first.click()
    expect(page.locator(".secret")).to_be_visible()
    return page


def audit_trail(look, visit, rina, **_):
    customer = make_customer(fullname=LONG_NAME)
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    audit.seal()
    audit.check()
    return as_admin(look, "/audit")


def audit_trail_of_a_customer(look, visit, rina, **_):
    customer = make_customer()
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    return as_admin(look, f"/audit?of={customer}&actor={rina.auth_id}")


def audit_trail_with_errors(look, **_):
    return as_admin(look, "/audit?subject=x&from=2026-02-31")


def home_of_a_reviewer(look, visit, rina, **_):
    fill_queue(rina)
    dian = make_staff(display_name="Maria Magdalena Simbolon")
    for number, codes in enumerate((["DATA_MISMATCH"], ["BLURRY", "DUPLICATE_OTHER_USER"], ["BLURRY"])):
        reject(visit(dian), make_kyc_check(held_by=dian, number=f"32730100000000{number:02}"), *codes)
    return look()


def home_of_an_analyst(look, **_):
    for hours, given in (
        (30, {"mandatory": frozenset(ScoreSource)}),
        (9, {}),
        (5, {"internal": 900}),
        (2, {"external": None}),
        (1, {"internal": 300}),
    ):
        make_score(age=timedelta(hours=hours), user_id=make_customer(fullname=LONG_NAME), **given)
    make_late()
    return look(staff=make_staff(Role.CREDIT_ANALYST))


def home_of_support(look, **_):
    for place, channel in enumerate(("sms", "email", "push")):
        make_messages(8 + 3 * place, status="failed", channel=channel, every=timedelta(hours=9))
        make_messages(2, status="pending", channel=channel)
    make_late()
    return look(staff=make_staff(Role.SUPPORT_AGENT))


def home_of_an_administrator(look, visit, **_):
    visit(make_staff(Role.SUPPORT_AGENT, display_name=LONG_NAME)).get("/kyc")
    make_staff(password_hash=None)
    make_messages(3, status="failed", channel="sms")
    audit.seal()
    audit.check()
    return look(staff=make_staff(Role.ADMIN))


def make_late():
    """An installment that nobody paid."""
    payment = payment_of(make_approved())
    day = {"status": PaymentStatus.OVERDUE, "due_date": clock.today() - timedelta(days=40)}
    db.session.execute(update(Payment).where(Payment.id == payment.id).values(day))
    db.session.commit()


def decisions_of_one(look, visit, rina, **_):
    reject(visit(rina), make_kyc_check(held_by=rina), "BLURRY", "DUPLICATE_OTHER_USER")
    verify(visit(rina), make_kyc_check(held_by=rina))
    return look(f"/kyc/decisions?by={rina.auth_id}")


def overdue_installments(look, **_):
    make_late()
    return look("/loans/overdue", staff=make_staff(Role.SUPPORT_AGENT))


HOMES = [home_of_a_reviewer, home_of_an_analyst, home_of_support, home_of_an_administrator]


def queue(look, rina, **_):
    fill_queue(rina)
    return look("/kyc")


def queue_that_is_empty(look, **_):
    return look("/kyc")


def queue_without_match(look, rina, **_):
    fill_queue(rina)
    return look("/kyc?document_type=npwp&flag=duplicate")


def queue_of_the_decided(look, visit, rina, **_):
    make_kyc_check(status=KycStatus.REJECTED, has_duplicate=True, has_images=False)
    reject(visit(rina), make_kyc_check(held_by=rina), "BLURRY")
    page = look("/kyc?status=rejected")
    expect(page.locator(".toast")).to_be_visible()
    return page


def workspace(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    answer_all(page, 6)
    check_number(page)
    expect(page.locator(".nik")).to_be_visible()
    return page


def workspace_with_errors(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    check_number(page, "12345678")
    expect(page.locator("#number-result")).to_contain_text("Does not match")
    page.locator("#number-input").blur()
    press(page, "1", "1")
    page.locator("#decision").evaluate("form => form.requestSubmit(document.getElementById('verify'))")
    expect(page.locator("#errors")).to_be_focused()
    return page


def workspace_with_what_is_missing(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    press(page, "v")
    expect(page.locator(".is-missing")).to_have_count(9)
    return page


def reject_dialog(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    press(page, "x", "1")
    return page


def reject_dialog_with_errors(look, rina, **_):
    page = look(f"/kyc/{make_kyc_check(held_by=rina)}")
    press(page, "x", "Control+Enter")
    expect(page.locator("#reject-errors")).to_be_focused()
    return page


def record_that_nobody_holds(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    page.get_by_role("button", name="Put back").click()
    page.goto(f"/kyc/{kyc_id}")
    return page


def record_of_a_rejection(look, visit, rina, **_):
    kyc_id, _ = full_workspace(rina)
    reject(
        visit(rina),
        kyc_id,
        "BLURRY",
        "OTHER",
        customer_text="Foto terlalu gelap, ambil lagi di tempat terang.",
        internal_note="Third time. " * 12,
    )
    return look(f"/kyc/{kyc_id}")


def record_of_a_verification(look, visit, rina, **_):
    kyc_id = make_kyc_check(held_by=rina)
    verify(visit(rina), kyc_id)
    page = look(f"/kyc/{kyc_id}")
    page.get_by_role("button", name="Mark as expired").click()
    expect(page.locator("#expire-errors")).to_be_focused()
    return page


def record_that_somebody_else_decided(look, visit, rina, **_):
    dian = make_staff(display_name="Dian Kurnia")
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    answer_all(page, 6)
    page.get_by_label("The number cannot be read").check()
    page.get_by_label("Not the same person").check()
    page.get_by_label("Valid until").fill("2031-04-05")
    page.get_by_role("button", name="Put back").evaluate("button => button.blur()")
    visit(rina).post("/kyc/next")
    other = visit(dian)
    claim(other, kyc_id)
    reject(other, kyc_id, "GLARE")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert").filter(has_text="Dian Kurnia rejected this at")).to_be_focused()
    return page


def checks_of_a_customer(look, visit, **_):
    customer = make_customer()
    make_kyc_check(user_id=customer)
    make_kyc_check(user_id=customer, status=KycStatus.EXPIRED, document_type=DocumentType.SIM)
    return look(f"/kyc/of-customer/{customer}")


def full_customer():
    """A customer with something in every panel and on the timeline."""
    customer = make_customer(fullname=LONG_NAME, phone_number="+6281234567890", email="maria.magdalena@example.com")
    make_kyc_check(user_id=customer, status=KycStatus.EXPIRED, document_type=DocumentType.SIM, has_images=False)
    make_score(user_id=customer, internal=642, external=701)
    make_message(user_id=customer)
    return customer


def of_customer(look, path="", role=Role.ADMIN):
    """A page of such a customer, once its panels are there."""
    page = look(f"/customers/{full_customer()}{path}", staff=make_staff(role, display_name="Maya Putri"))
    page.wait_for_load_state("networkidle")
    return page


def customers(look, **_):
    for number in range(3):
        make_customer(fullname=f"{LONG_NAME} {number}")
    make_customer(fullname="Budi Santoso", email=None, phone_number=None, status="inactive")
    return look("/customers")


def customers_with_errors(look, **_):
    page = look("/customers")
    page.get_by_role("main").get_by_role("button", name="Find").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def found_by_id(look, **_):
    for number in range(2):
        make_loan(loan_id=UUID(f"abcdef12-0000-4000-8000-00000000000{number}"))
    make_customer(id=UUID("abcdef12-0000-4000-8000-000000000009"), fullname=LONG_NAME)
    page = look("/customers", staff=make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri"))
    page.locator("#find").fill("abcdef12")
    page.locator("#find").press("Enter")
    expect(page.locator("#hits")).to_contain_text("Found by ID" if page.locator("html[lang=en]").count() else "ID")
    return page


def customer_for_support(look, **_):
    page = of_customer(look, role=Role.SUPPORT_AGENT)
    page.locator("#field-0").check(force=True)
    page.locator("#reveal select").select_option("CALL_BACK")
    page.locator("#text").fill("To call back")
    page.locator("#reveal button").click()
    expect(page.locator("[data-masked]")).to_be_focused()
    page.wait_for_load_state("networkidle")
    return page


def customer_for_support_with_errors(look, **_):
    page = of_customer(look, role=Role.SUPPORT_AGENT)
    page.locator("#reveal button").click()
    expect(page.locator(".errsum")).to_be_focused()
    page.wait_for_load_state("networkidle")
    return page


def customer_for_an_analyst(look, **_):
    return of_customer(look, role=Role.CREDIT_ANALYST)


def customer_for_an_administrator(look, **_):
    return of_customer(look)


def timeline_of_a_customer(look, **_):
    return of_customer(look, "/timeline")


def timeline_without_anything(look, **_):
    return look(f"/customers/{make_customer()}/timeline")


def deletion(look, **_):
    return of_customer(look, "/delete")


def deletion_with_errors(look, **_):
    page = of_customer(look, "/delete")
    page.get_by_role("main").locator("button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def deleted_customer(look, **_):
    return look(f"/customers/{make_customer(deleted_at=clock.now())}", staff=make_staff(Role.ADMIN))


def scores_of_a_customer(look, **_):
    return look(f"/credit-scores/of-customer/{full_customer()}", staff=make_staff(Role.CREDIT_ANALYST))


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
    page = look()
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
    login,
    login_with_errors,
    account,
    account_with_errors,
    new_passkey,
    sign_in_again,
    first_password,
    staff_list,
    staff_member,
    staff_member_before_confirming,
    invitation_with_errors,
    one_time_link,
    audit_trail,
    audit_trail_of_a_customer,
    audit_trail_with_errors,
    *HOMES,
    decisions_of_one,
    overdue_installments,
    queue,
    queue_that_is_empty,
    queue_without_match,
    queue_of_the_decided,
    workspace,
    workspace_with_errors,
    workspace_with_what_is_missing,
    reject_dialog,
    reject_dialog_with_errors,
    record_that_nobody_holds,
    record_of_a_rejection,
    record_of_a_verification,
    record_that_somebody_else_decided,
    checks_of_a_customer,
    customers,
    customers_with_errors,
    found_by_id,
    customer_for_support,
    customer_for_support_with_errors,
    customer_for_an_analyst,
    customer_for_an_administrator,
    timeline_of_a_customer,
    timeline_without_anything,
    deletion,
    deletion_with_errors,
    deleted_customer,
    scores_of_a_customer,
    keyboard_shortcuts,
    menu,
    idle_notice,
    error_403,
    error_404,
    error_404_for_a_stranger,
    error_409,
]


@pytest.mark.parametrize("open_it", PAGES, ids=lambda page: page.__name__)
def test_axe_finds_nothing_and_no_page_moves_sideways(open_it, look, visit, rina):
    page = open_it(look=look, visit=visit, rina=rina)
    found = faults(page, within=".usermenu" if open_it is menu else None)  # what a menu covers is no target meanwhile
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
    for fault in ("color-contrast", "label", "at 320: 700 px wide", "at 1440: clipped: ", "at 1024 in dark"):
        assert fault in said


@pytest.mark.parametrize(
    "open_it",
    [login_with_errors, account_with_errors, invitation_with_errors, workspace_with_errors],
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
    [login, account, staff_member, audit_trail, queue, workspace, record_of_a_verification],
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
        login_with_errors,
        account,
        new_passkey,
        staff_list,
        staff_member,
        invitation_with_errors,
        audit_trail_of_a_customer,
        customers,
        found_by_id,
        customer_for_support,
        customer_for_an_administrator,
        timeline_of_a_customer,
        deletion_with_errors,
        deleted_customer,
        *HOMES,
        decisions_of_one,
        overdue_installments,
        queue,
        queue_without_match,
        workspace,
        reject_dialog,
        record_of_a_rejection,
        menu,
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
    fill_queue(rina)
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
