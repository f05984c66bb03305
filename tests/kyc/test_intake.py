"""Submissions as they come in: what is taken, what is refused and what is kept of it."""

import base64
import io
import json
from random import Random
from uuid import UUID, uuid4

import pytest
from PIL import Image

from portal.kyc.images import clean, store
from portal.kyc.intake import take_in
from portal.kyc.models import DocumentType, KycCheck
from portal.shared.crypto import document_hash
from portal.shared.database import db
from portal.shared.errors import Refused
from tests.client import at_once
from tests.factories import audit_events, make_customer, picture
from tests.kyc.desk import check_of
from tests.kyc.pictures import commented_png, encoded, exif, png_of

NIK = "3273014504940001"
TOO_LARGE = "The image is larger than 10 MB."
TOO_MANY_PIXELS = "The image has more than 40 megapixels."
NO_IMAGE = "This is no whole JPEG, PNG or WebP image."
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "50 megapixels": (png_of(10_000, 5_000), TOO_MANY_PIXELS),
    "30000 x 30000": (png_of(30_000, 30_000), TOO_MANY_PIXELS),
    "more than 10 MB": (encoded() + bytes(10 * 1024 * 1024), TOO_LARGE),
    "nothing": (b"", NO_IMAGE),
    "SVG": (SVG, NO_IMAGE),
    "PDF": (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF", NO_IMAGE),
    "HTML": (b"<!doctype html><title>x</title><script>alert(1)</script>", NO_IMAGE),
    "GIF": (encoded(form="GIF"), NO_IMAGE),
    "TIFF": (encoded(form="TIFF"), NO_IMAGE),
    "BMP": (encoded(form="BMP"), NO_IMAGE),
    "half a JPEG": (picture()[: len(picture()) // 2], NO_IMAGE),
    "half a PNG": (encoded(form="PNG")[:900], NO_IMAGE),
    "a PNG without pixels": (png_of(100, 100), NO_IMAGE),
}
TAKEN = {
    "JPEG": encoded(),
    "progressive JPEG": encoded(progressive=True),
    "JPEG for print": encoded(Image.new("CMYK", (64, 40))),
    "two pictures of a phone in one JPEG": encoded(form="MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
    "PNG": encoded(form="PNG"),
    "PNG with transparency": encoded(Image.new("RGBA", (64, 40), (0, 0, 0, 0)), "PNG"),
    "PNG with a palette": encoded(Image.new("P", (64, 40)), "PNG"),
    "animated PNG": encoded(form="PNG", save_all=True, append_images=[Image.new("RGB", (64, 40))]),
    "WebP": encoded(form="WEBP"),
    "exactly 40 megapixels": encoded(Image.new("1", (8000, 5000)), "PNG"),
}


pytestmark = pytest.mark.usefixtures("documents")


def submit(**given):
    return take_in(
        **{
            "user_id": given.pop("user_id", None) or make_customer(),
            "document_type": DocumentType.KTP,
            "number": NIK,
            "front": picture(),
            "selfie": picture("tan"),
            **given,
        }
    )


def kept():
    """Every object in the store, by its key."""
    return {path.relative_to(store._folder).as_posix(): path.read_bytes() for path in store._folder.rglob("*.jpg")}


def count():
    db.session.rollback()
    return db.session.query(KycCheck).count()


def test_a_submission_is_kept_as_its_hash_and_two_images(in_app):
    customer = make_customer()
    kyc_id = submit(user_id=customer)
    check = check_of(kyc_id)
    assert (check.user_id, check.status, check.document_type, check.version) == (customer, "pending", "ktp", 1)
    assert check.document_number_hash == document_hash(NIK)
    assert check.document_front_image_path == f"kyc/{kyc_id}/front.jpg"
    assert check.document_selfie_image_path == f"kyc/{kyc_id}/selfie.jpg"
    (event,) = audit_events("kyc.submitted")
    assert (event.subject, event.of_user, event.actor_id) == (kyc_id, customer, None)
    assert event.details == {"document_type": "ktp"}


@pytest.mark.parametrize("side", ["front", "selfie"])
@pytest.mark.parametrize("upload", REFUSED)
def test_what_is_no_fit_image_is_refused_and_nothing_is_kept(in_app, upload, side):
    bytes_, sentence = REFUSED[upload]
    with pytest.raises(Refused) as refused:
        submit(**{side: bytes_})
    assert refused.value.message == sentence
    assert kept() == {}
    assert count() == 0


@pytest.mark.parametrize("upload", TAKEN)
def test_every_kind_of_image_becomes_a_plain_jpeg(in_app, upload):
    with Image.open(io.BytesIO(clean(TAKEN[upload]))) as image:
        image.load()
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert max(image.size) <= 1600


def test_a_large_photo_is_made_smaller_and_keeps_its_shape(in_app):
    with Image.open(io.BytesIO(clean(encoded(Image.new("RGB", (4000, 3000)))))) as image:
        assert image.size == (1600, 1200)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_a_phone_tells_of_its_owner_is_not_kept(in_app, form):
    upload = encoded(form=form, exif=exif(), xmp=b"<x:xmpmeta>Siti was in Bandung</x:xmpmeta>")
    assert b"Phonemaker" in upload
    kyc_id = submit(front=upload)
    jpeg = store.get(f"kyc/{kyc_id}/front.jpg")
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        assert dict(image.getexif()) == {}
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for told in (b"Phonemaker", b"Exif", b"xmpmeta", b"Bandung"):
        assert told not in jpeg


@pytest.mark.parametrize(
    "upload",
    [encoded(comment=b"<script>alert(1)</script>"), commented_png("<script>alert(1)</script>"), encoded() + SVG,
     encoded(form="PNG") + b"PK\x03\x04<script>", encoded(icc_profile=b"<script>" * 40)],
    ids=["JPEG comment", "PNG comment", "tail of a JPEG", "tail of a PNG", "color profile"],
)  # fmt: skip
def test_nothing_hidden_in_an_image_is_kept(in_app, upload):
    assert b"<script>" in upload
    assert b"<script>" not in clean(upload)


def test_a_photo_taken_sideways_is_stored_upright(in_app):
    sideways = encoded(Image.new("RGB", (64, 40)), exif=exif(orientation=6))
    with Image.open(io.BytesIO(clean(sideways))) as image:
        assert image.size == (40, 64)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own, about tags it skips
def test_a_damaged_upload_is_refused_or_cleaned_and_never_an_error(in_app):
    chance = Random(20260331)
    whole = [encoded(form=form, exif=exif(orientation=3)) for form in ("JPEG", "PNG", "WEBP")]
    outcomes = {"refused": 0, "cleaned": 0}
    for _ in range(400):
        upload = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 2, 8))):
            at = chance.randrange(min(len(upload), chance.choice((64, 400, 10**6))))
            upload[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            clean(bytes(upload))
            outcomes["cleaned"] += 1
        except Refused:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize("number", ["", "1234567", "9" * 21, "tiga dua tujuh", "３２７３０１４５０４９４０００１"])
def test_a_number_without_8_to_20_digits_is_refused(in_app, number):
    with pytest.raises(Refused, match="8 to 20 digits"):
        submit(number=number)
    assert kept() == {}
    assert count() == 0


def test_a_submission_handed_over_twice_is_taken_in_once_and_its_images_stay(in_app):
    kyc_id, customer = uuid4(), make_customer()
    submit(kyc_id=kyc_id, user_id=customer)
    before = kept()
    assert submit(kyc_id=kyc_id, user_id=customer, front=picture("red"), selfie=b"") == kyc_id
    assert kept() == before
    assert count() == 1
    assert len(audit_events("kyc.submitted")) == 1


def test_a_submission_handed_over_five_times_at_once_is_taken_in_once(in_app):
    kyc_id, customer = uuid4(), make_customer()

    def submit_in_app():
        with in_app.app_context():
            return submit(kyc_id=kyc_id, user_id=customer)

    assert at_once(*[submit_in_app] * 5) == [kyc_id] * 5
    assert count() == 1
    assert len(audit_events("kyc.submitted")) == 1


# `flask intake kyc FILE`


def line(**given):
    return json.dumps(
        {
            "user_id": str(given.pop("user_id", None) or make_customer()),
            "document_type": "ktp",
            "document_number": NIK,
            "document_front_image": base64.b64encode(given.pop("front", picture())).decode(),
            "document_selfie_image": base64.b64encode(given.pop("selfie", picture("tan"))).decode(),
            **given,
        }
    )


@pytest.fixture
def run(in_app, tmp_path):
    """Run the command on these lines; its exit code and its own lines."""

    def run(*lines):
        file = tmp_path / "submissions.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        result = in_app.test_cli_runner().invoke(args=["intake", "kyc", str(file)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output.splitlines()

    return run


def test_the_command_prints_a_result_per_line(run):
    kyc_id = uuid4()
    code, said = run(line(kyc_id=str(kyc_id)), line(document_type="sim", document_number="123456789012"))
    assert code == 0
    assert said[0] == f"1: taken in as {kyc_id}"
    assert said[1].startswith("2: taken in as ")
    assert check_of(UUID(said[1].removeprefix("2: taken in as "))).document_type is DocumentType.SIM


@pytest.mark.parametrize("upload", REFUSED)
def test_the_command_says_why_it_refuses_an_image(run, upload):
    bytes_, sentence = REFUSED[upload]
    assert run(line(selfie=bytes_)) == (1, [f"1: refused: {sentence}"])
    assert kept() == {}
    assert count() == 0


def test_a_bad_line_is_refused_and_the_next_one_is_taken(run):
    missing = "A field is missing: the line needs all that docs/interface.md names."
    unlike = "The line is not as docs/interface.md describes it."
    bad = {
        "{": unlike,
        "": unlike,
        "[]": missing,
        "7": missing,
        "null": missing,
        "{}": missing,
        "[" * 50_000: unlike,
        '{"user_id": "' + "9" * 50: unlike,
        line(user_id="nobody"): unlike,
        line(user_id=None) [:-1] + ', "user_id": 5}': missing,
        line(document_type="passport"): unlike,
        line(document_type=["ktp"]): unlike,
        line(document_front_image="not base64!"): unlike,
        line(document_front_image=None): missing,
        line(document_selfie_image="é"): unlike,
        line(kyc_id="one"): unlike,
        line(user_id=uuid4()): "There is no such customer.",
        line(document_number="no digits"): "Type the 8 to 20 digits of the document number.",
        line(document_number=None): "Type the 8 to 20 digits of the document number.",
    }  # fmt: skip
    code, said = run(*bad, line())
    assert code == 1
    assert said[:-1] == [f"{n}: refused: {why}" for n, why in enumerate(bad.values(), start=1)]
    assert said[-1].startswith(f"{len(bad) + 1}: taken in as ")
    assert count() == 1


def test_a_file_that_is_not_utf8_is_refused_line_by_line(in_app, tmp_path):
    file = tmp_path / "submissions.jsonl"
    file.write_bytes(b"\xff\xfe\x00\n" + line().encode())
    result = in_app.test_cli_runner().invoke(args=["intake", "kyc", str(file)])
    assert result.exit_code == 1
    assert result.output.splitlines()[1].startswith("2: taken in as ")


def test_the_same_file_run_again_takes_nothing_in_twice(run):
    lines = [line(kyc_id=str(uuid4())) for _ in range(2)]
    assert run(*lines) == run(*lines)
    assert count() == 2


def test_an_id_that_another_submission_has_is_refused(run):
    kyc_id = str(uuid4())
    run(line(kyc_id=kyc_id))
    before = kept()
    code, said = run(line(kyc_id=kyc_id, front=picture("red")))
    assert (code, said) == (1, ["1: refused: Another submission has this id already."])
    assert kept() == before
    assert count() == 1
