"""The tools of the workspace: photos, the hold, dialogs, and keys that stay quiet where they should."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.shared.database import db
from tests.browser.acting import answer_all, make_drawn_check, press, sees
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, let_lease_run_out

pytestmark = pytest.mark.browser


@pytest.fixture
def dialog(rina, open_page):
    """The reject dialog of a submission that Rina holds, opened by its key."""
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    press(page, "x")
    return page.get_by_role("dialog", name="Reject this submission?")


def look_of(photo):
    """The photo's zoom, angle and place."""
    values = photo.evaluate("photo => ['--z', '--rot', '--x', '--y'].map(name => photo.style.getPropertyValue(name))")
    return dict(zip(("zoom", "angle", "x", "y"), values, strict=True))


FIT = {"zoom": "1", "angle": "0deg", "x": "0px", "y": "0px"}
SHOWN_ON_ITS_SIDE = """photo => {
  const { naturalWidth: width, naturalHeight: height } = photo;
  const fit = Math.min(photo.offsetWidth / width, photo.offsetHeight / height);
  const scale = fit * photo.style.getPropertyValue('--turn');
  return [height * scale, width * scale];
}"""


def test_photos_by_keyboard(rina, open_page):
    page = open_page(rina, f"/kyc/{make_drawn_check(held_by=rina)}")
    for key, name in (("d", "KTP, front side"), ("f", "Selfie")):
        viewer = page.get_by_role("region", name=name)
        photo = viewer.get_by_role("img")
        press(page, key)
        expect(viewer.get_by_role("group")).to_be_focused()
        press(page, "+", "+", "-", "=")
        expect(viewer.locator("[data-zoom]")).to_have_text("156%")
        press(page, "r", "ArrowRight", "ArrowUp")
        assert look_of(photo) == {"zoom": "1.5625", "angle": "90deg", "x": "-60px", "y": "60px"}
        press(page, "0")
        assert look_of(photo) == FIT


def test_photos_by_buttons_and_pointer(rina, open_page):
    page = open_page(rina, f"/kyc/{make_drawn_check(held_by=rina)}")
    viewer = page.get_by_role("region", name="KTP, front side")
    photo = viewer.get_by_role("img")
    for button in ("Zoom in", "Zoom in", "Zoom out", "Rotate"):
        viewer.get_by_role("button", name=button).click()
    assert look_of(photo) == {**FIT, "zoom": "1.25", "angle": "90deg"}
    place = viewer.get_by_role("group").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    assert look_of(photo) == {"zoom": "1.25", "angle": "90deg", "x": "40px", "y": "25px"}
    viewer.get_by_role("button", name="Fit").click()
    assert look_of(photo) == FIT
    with page.context.expect_page() as opened:
        viewer.get_by_role("link", name="Open full size in a new tab").click()
    assert re.search(r"/kyc/[0-9a-f-]+/images/front$", opened.value.url)


def test_a_turned_photo_stays_within_its_stage(rina, open_page):
    page = open_page(rina, f"/kyc/{make_drawn_check(held_by=rina)}")
    for key, name in (("d", "KTP, front side"), ("f", "Selfie")):
        stage = page.get_by_role("region", name=name).get_by_role("group")
        press(page, key, "r")
        width, height = stage.get_by_role("img").evaluate(SHOWN_ON_ITS_SIDE)
        frame = stage.bounding_box()
        assert frame["width"] - width > -1
        assert frame["height"] - height > -1
        assert min(frame["width"] - width, frame["height"] - height) < 3


def test_a_photo_that_does_not_load_says_so_and_can_be_loaded_again(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina)
    page.route("**/images/front", lambda route: route.abort())
    page.goto(f"/kyc/{kyc_id}")
    viewer = page.get_by_role("region", name="KTP, front side")
    expect(viewer.get_by_text("The photo did not load")).to_be_visible()
    expect(page.get_by_role("region", name="Selfie").get_by_text("The photo did not load")).to_be_hidden()
    viewer.get_by_role("button", name="Load the photo again").click()
    expect(viewer.get_by_text("The photo did not load")).to_be_hidden()
    expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 640)


def test_skipping_goes_on_behind_the_skipped_one_and_gives_it_back(rina, open_page):
    ids = [
        make_kyc_check(user_id=make_customer(fullname=name), age=timedelta(hours=hours))
        for name, hours in (("Siti", 3), ("Budi", 2), ("Joko", 1))
    ]
    page = open_page(rina)
    press(page, "n")
    for name, held in zip(("Siti", "Budi", "Joko"), ids, strict=True):
        sees(page, name)
        assert [kyc_id for kyc_id in ids if check_of(kyc_id).lease_holder] == [held]
        press(page, "s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Joko")
    page.get_by_role("button", name="Put back").click()
    sees(page, "KYC queue")
    assert not any(check_of(kyc_id).lease_holder for kyc_id in ids)


def test_the_hold_counts_down_and_is_renewed_while_the_page_is_seen(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    check_of(kyc_id).lease_until -= timedelta(seconds=450)
    db.session.commit()
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    lease, left = page.locator("#lease"), page.locator(".lease__left")
    expect(left).to_have_text(re.compile(r"2:[0-3]\d"))
    expect(lease).not_to_have_class(re.compile("is-low"))
    page.clock.fast_forward(45_000)
    expect(left).to_have_text(re.compile(r"1:[34]\d"))
    expect(lease).to_have_class(re.compile("is-low"))
    expect(page.locator("#said")).to_have_text("The hold ends in less than 2 minutes.")
    before = check_of(kyc_id).lease_until
    with page.expect_response(f"**/kyc/{kyc_id}/hold") as answer:
        page.clock.fast_forward(16_000)
    assert answer.value.status == 200
    expect(left).to_have_text(re.compile(r"9:\d\d|10:00"))
    expect(lease).not_to_have_class(re.compile("is-low"))
    assert check_of(kyc_id).lease_until > before + timedelta(minutes=5)


def test_a_hold_that_went_to_somebody_else_is_said_and_not_asked_for_again(rina, open_page, visit):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    answer_all(page)
    let_lease_run_out(kyc_id)
    claim(visit(make_staff()), kyc_id)
    with page.expect_response(f"**/kyc/{kyc_id}/hold") as answer:
        page.clock.fast_forward(61_000)
    assert answer.value.status == 423
    over = "The hold has ended. Somebody else may take this submission."
    page.clock.fast_forward(1_000)
    expect(page.locator("#lease")).to_contain_text(over)
    expect(page.locator("#said")).to_have_text(over)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.clock.fast_forward(200_000)
    page.wait_for_timeout(100)
    assert asked == []
    expect(page.locator("[data-done]")).to_have_text("5")


def test_keys_are_dead_in_fields_and_with_modifiers(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    number = page.get_by_role("textbox", name="Document number")
    number.focus()
    press(page, "v", "x", "s", "1", "n", "?")
    expect(number).to_have_value("vxs1n?")
    number.blur()
    press(page, "Control+x", "Alt+1", "Meta+v", "Shift+s")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-done]")).to_have_text("0")
    expect(page.locator(".is-missing")).to_have_count(0)
    assert check_of(kyc_id).lease_holder == rina.auth_id
    press(page, "1")
    expect(page.locator("[data-done]")).to_have_text("1")


def test_single_keys_can_be_turned_off_and_on(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    press(page, "?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    shortcuts.get_by_role("button", name="Turn off single-key shortcuts").click()
    expect(page.locator("html")).to_have_attribute("data-shortcuts", "off")
    photo = page.get_by_role("region", name="KTP, front side").get_by_role("img")
    expect(photo).to_have_attribute("style", re.compile("--z"))  # only now the new page listens to keys
    press(page, "1", "v", "x", "s", "?", "g", "h", "d", "+")
    page.get_by_role("group", name=re.compile("KTP, front side")).focus()
    press(page, "+", "r", "0")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-done]")).to_have_text("0")
    expect(page.locator(".is-missing")).to_have_count(0)
    expect(page).to_have_url(f"/kyc/{kyc_id}")
    assert look_of(photo) == FIT
    page.locator(".usermenu > summary").click()
    page.get_by_role("group", name="Single-key shortcuts").get_by_role("button", name="On").click()
    expect(page.locator("html")).not_to_have_attribute("data-shortcuts", "off")
    expect(photo).to_have_attribute("style", re.compile("--z"))
    press(page, "1")
    expect(page.locator("[data-done]")).to_have_text("1")


def test_escape_closes_the_reject_dialog_and_focus_goes_back(dialog):
    page = dialog.page
    first = dialog.get_by_role("checkbox").first
    expect(first).to_be_focused()
    press(page, "1")
    dialog.get_by_label("Note for staff").fill("Corner missing")
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    reject = page.get_by_role("button", name="Reject", exact=True)
    expect(reject).to_be_focused()
    press(page, "x")
    expect(first).to_be_checked()
    expect(dialog.get_by_label("Note for staff")).to_have_value("Corner missing")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(reject).to_be_focused()
    reject.press("Enter")
    expect(dialog).to_be_visible()
    press(page, "Escape")
    expect(reject).to_be_focused()


def test_tab_stays_inside_the_reject_dialog(dialog):
    page = dialog.page
    for _ in range(40):
        press(page, "Tab")
        assert page.evaluate(
            "!document.activeElement || document.activeElement === document.body"
            " || Boolean(document.activeElement.closest('dialog'))"
        )


def test_a_rejection_without_a_reason_comes_back_open_with_what_was_typed(dialog):
    page = dialog.page
    dialog.get_by_label("What the customer reads").fill("Foto terlalu gelap.")
    press(page, "Control+Enter")
    errors = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(errors).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(dialog.get_by_label("What the customer reads")).to_have_value("Foto terlalu gelap.")
    errors.get_by_role("link", name="Choose one to four reasons.").click()
    expect(dialog.get_by_role("checkbox").first).to_be_focused()
    press(page, "2", "Control+Enter")
    expect(page.locator(".toast")).to_contain_text("rejected.")


def test_escape_closes_menus_and_the_shortcuts(rina, open_page):
    page = open_page(rina, "/kyc")
    summary = page.locator(".usermenu > summary")
    summary.focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()
    press(page, "Enter")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts.get_by_role("button", name="Close")).to_be_focused()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    press(page, "Escape")
    expect(shortcuts).to_be_hidden()
    expect(summary).to_be_focused()
    press(page, "?", "Escape", "n")
    expect(page.locator("#flashes")).to_contain_text("Nobody is waiting.")
