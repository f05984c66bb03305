"""Who sees an image, what he sees, and that nothing outside the store is ever read."""

import io
from datetime import timedelta

import pytest
from PIL import Image, ImageChops

from portal.kyc import workspace
from portal.kyc.images import clean, store
from portal.kyc.models import KycStatus
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff, picture
from tests.kyc.desk import claim, held, let_lease_run_out, reject


@pytest.fixture
def rina(in_app):
    return make_staff(display_name="Rina Putri")


@pytest.fixture
def rinas(visit, rina):
    """Rina's browser."""
    return visit(rina)


def image_of(browser, kyc_id, side="front"):
    return browser.get(f"/kyc/{kyc_id}/images/{side}")


@pytest.mark.parametrize("side", ["front", "selfie"])
def test_its_holder_sees_an_image_that_no_browser_keeps_or_runs(rinas, rina, side):
    kyc_id = make_kyc_check(held_by=rina)
    answer = image_of(rinas, kyc_id, side)
    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{side}.jpg"'
    with Image.open(io.BytesIO(answer.data)) as image:
        assert (image.format, image.size) == ("JPEG", (640, 400))


def test_the_viewers_name_is_over_all_of_the_image(rinas, rina):
    kyc_id = make_kyc_check(held_by=rina)
    seen = image_of(rinas, kyc_id).data
    assert seen != store.get(f"kyc/{kyc_id}/front.jpg")
    with Image.open(io.BytesIO(seen)) as stamped, Image.open(io.BytesIO(picture())) as plain:
        changes = ImageChops.difference(stamped.convert("L"), plain.convert("L")).point(
            lambda value: 255 * (value > 20)
        )
    for left in (0, 320):
        for top in (0, 200):
            quarter = changes.crop((left, top, left + 320, top + 200))
            assert quarter.histogram()[255] > 300, "each quarter carries the stamp"
    assert store.get(f"kyc/{kyc_id}/front.jpg") == clean(picture()), "the stored one stays as it was"


def test_two_viewers_leave_two_different_images(in_app, visit):
    kyc_id = make_kyc_check()
    rina, budi = visit(make_staff(display_name="Rina")), visit(make_staff(display_name="Budi"))
    claim(rina, kyc_id)
    seen_by_rina = image_of(rina, kyc_id).data
    rina.post(f"/kyc/{kyc_id}/release", lease_token=held(kyc_id)["lease_token"])
    claim(budi, kyc_id)
    assert image_of(budi, kyc_id).data != seen_by_rina


def test_every_view_is_one_event(rinas, rina):
    customer = make_customer()
    kyc_id = make_kyc_check(held_by=rina, user_id=customer)
    image_of(rinas, kyc_id, "front")
    image_of(rinas, kyc_id, "front")
    image_of(rinas, kyc_id, "selfie")
    views = audit_events("kyc.image-viewed")
    assert [event.details["side"] for event in views] == ["front", "front", "selfie"]
    assert {(event.subject, event.of_user, event.actor_id) for event in views} == {(kyc_id, customer, rina.auth_id)}


def test_an_image_that_cannot_be_recorded_is_not_shown(rinas, rina, monkeypatch):
    kyc_id = make_kyc_check(held_by=rina)

    def breaks(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(workspace.audit, "record", breaks)
    answer = image_of(rinas, kyc_id)
    assert answer.status_code == 500
    assert answer.mimetype == "text/html"


def test_nobody_but_its_holder_sees_an_image(in_app, visit):
    rina, budi = visit(make_staff()), visit(make_staff())
    kyc_id = make_kyc_check()
    assert image_of(rina, kyc_id).status_code == 423, "not even before anybody holds it"
    claim(rina, kyc_id)
    refused = image_of(budi, kyc_id)
    assert refused.status_code == 423
    assert "Only the reviewer who holds this submission sees its images." in refused.text
    assert image_of(rina, kyc_id).status_code == 200
    let_lease_run_out(kyc_id)
    assert image_of(rina, kyc_id).status_code == 423
    assert len(audit_events("kyc.image-viewed")) == 1


def test_after_the_decision_nobody_sees_it(rinas):
    kyc_id = make_kyc_check()
    claim(rinas, kyc_id)
    reject(rinas, kyc_id, "BLURRY")
    assert image_of(rinas, kyc_id).status_code == 423


def test_the_holder_sees_earlier_attempts_of_the_same_customer_and_of_nobody_else(rinas, rina):
    customer = make_customer()
    earlier = make_kyc_check(user_id=customer, status=KycStatus.REJECTED, age=timedelta(days=9))
    others = make_kyc_check(status=KycStatus.REJECTED)
    kyc_id = make_kyc_check(user_id=customer, held_by=rina)
    assert f"/kyc/{earlier}/images/front" in rinas.get(f"/kyc/{kyc_id}").text
    assert image_of(rinas, earlier).status_code == 200
    assert image_of(rinas, others).status_code == 423
    assert [event.subject for event in audit_events("kyc.image-viewed")] == [earlier]


def test_a_page_of_a_check_one_does_not_hold_shows_no_image(rinas):
    kyc_id = make_kyc_check()
    assert "/images/" not in rinas.get(f"/kyc/{kyc_id}").text


def test_an_image_is_not_served_into_another_sites_page(rinas, rina):
    kyc_id = make_kyc_check(held_by=rina)
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        answer = rinas.send("GET", f"/kyc/{kyc_id}/images/front", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == status, site
    assert len(audit_events("kyc.image-viewed")) == 2


def test_there_are_two_sides(rinas, rina):
    kyc_id = make_kyc_check(held_by=rina)
    for side in ("back", "front.jpg", "FRONT", "../front", "%2e%2e/front"):
        assert image_of(rinas, kyc_id, side).status_code == 404


OUTSIDE = ("../../etc/passwd", "/etc/passwd", "kyc/../../secret.jpg", "secret.jpg", "file:///etc/passwd", "", "kyc/")


def test_a_path_that_is_no_key_of_the_store_is_not_there(rinas, rina):
    for path in OUTSIDE:
        kyc_id = make_kyc_check(held_by=rina, document_front_image_path=path, has_images=False)
        is_missing(image_of(rinas, kyc_id), kyc_id)


@pytest.fixture
def secret(documents):
    """A good image beside the store, which any reading of it would show."""
    file = documents.parent / "secret.jpg"
    file.write_bytes(picture("red"))
    return file


def test_a_good_image_outside_the_store_is_not_read(rinas, rina, documents, secret):
    for path in (str(secret), f"{documents}/../secret.jpg", "../secret.jpg", "kyc/../../secret.jpg"):
        kyc_id = make_kyc_check(held_by=rina, document_front_image_path=path)
        is_missing(image_of(rinas, kyc_id), kyc_id)


def test_a_link_in_the_store_is_not_followed(rinas, rina, documents, secret):
    kyc_id = make_kyc_check(held_by=rina)
    front = documents / "kyc" / str(kyc_id) / "front.jpg"
    front.unlink()
    front.symlink_to(secret)
    is_missing(image_of(rinas, kyc_id), kyc_id)


def test_a_folder_in_the_store_that_is_a_link_is_not_followed(rinas, rina, tmp_path, documents):
    kyc_id = make_kyc_check(held_by=rina, has_images=False)
    (tmp_path / "front.jpg").write_bytes(picture("red"))
    (documents / "kyc").mkdir()
    (documents / "kyc" / str(kyc_id)).symlink_to(tmp_path)
    is_missing(image_of(rinas, kyc_id), kyc_id)


def test_a_folder_in_the_place_of_an_image_is_not_there(rinas, rina, documents):
    kyc_id = make_kyc_check(held_by=rina, has_images=False)
    (documents / "kyc" / str(kyc_id) / "front.jpg").mkdir(parents=True)
    is_missing(image_of(rinas, kyc_id), kyc_id)


def test_a_missing_image_is_not_there(rinas, rina):
    kyc_id = make_kyc_check(held_by=rina, has_images=False)
    is_missing(image_of(rinas, kyc_id), kyc_id)


def test_what_is_no_whole_jpeg_never_leaves_the_store(rinas, rina, documents):
    kyc_id = make_kyc_check(held_by=rina)
    for content in (b"", b"<svg/>", b"%PDF-1.7", picture()[:2000]):
        (documents / "kyc" / str(kyc_id) / "front.jpg").write_bytes(content)
        answer = image_of(rinas, kyc_id)
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"


def is_missing(answer, kyc_id):
    """A page that says so, and an event."""
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "This image is not there." in answer.text
    event = audit_events("kyc.image-missing")[-1]
    assert (event.subject, event.details) == (kyc_id, {"side": "front"})
