"""Rejecting a document: the reasons, and what the customer reads and does not read."""

import pytest

from portal.kyc.models import KycStatus
from portal.kyc.reasons import FINAL, REASONS
from tests.client import error_at, filled_in
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, decisions, reject, verify
from tests.notifications.working import release_all, waiting, work_off, written

NEUTRAL = {
    "id": "kami tidak dapat memverifikasi identitas Anda. Hubungi layanan nasabah bila ada pertanyaan.",
    "en": "we could not verify your identity. Contact customer service if you have questions.",
}
TYPED = "Foto KTP terpotong di sudut kanan atas."
NOTE = "Same background as the ring of last week."


@pytest.fixture
def case(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    return browser, kyc_id


def test_a_rejection_needs_one_to_four_known_reasons(case):
    browser, kyc_id = case
    five = ["BLURRY", "GLARE", "CROPPED", "WRONG_TYPE", "OTHER"]
    for codes in ([], five, ["UNHEARD_OF"], ["BLURRY", "UNHEARD_OF"]):
        answer = reject(browser, kyc_id, *codes, customer_text=TYPED, internal_note=NOTE)
        assert answer.status_code == 422
        assert error_at(answer.text, "reason_codes") == "Choose one to four reasons."
        shown = filled_in(answer.text)
        assert (shown["customer_text"], shown["internal_note"]) == ([TYPED], [NOTE])
        assert shown.get("reason_codes", []) == [code for code in REASONS if code in codes]
    assert check_of(kyc_id).status is KycStatus.PENDING
    assert waiting() == []


def test_other_needs_a_sentence(case):
    browser, kyc_id = case
    for typed in ("", "too short", "   too short   "):
        answer = reject(browser, kyc_id, "OTHER", customer_text=typed, internal_note=NOTE)
        assert answer.status_code == 422
        said = "Write what is wrong, in at least 10 characters, when you choose Other."
        assert error_at(answer.text, "customer_text") == said
        shown = filled_in(answer.text)
        assert shown.get("customer_text", [""]) == [typed.strip()]
        assert (shown["internal_note"], shown["reason_codes"]) == ([NOTE], ["OTHER"])
    assert check_of(kyc_id).status is KycStatus.PENDING


def test_texts_that_are_too_long_are_refused_and_kept(case):
    browser, kyc_id = case
    answer = reject(browser, kyc_id, "BLURRY", customer_text="a" * 601, internal_note="b" * 2001)
    assert answer.status_code == 422
    assert error_at(answer.text, "customer_text") == "Use at most 600 characters."
    assert error_at(answer.text, "internal_note") == "Use at most 2000 characters."
    assert filled_in(answer.text)["customer_text"] == ["a" * 601]


def test_the_dialog_opens_without_a_script_and_changes_nothing(case):
    browser, kyc_id = case
    answer = reject(browser, kyc_id, open="1", **{"checks-readable": "no"})
    assert answer.status_code == 200
    assert '<dialog class="dialog dialog--l" id="reject" aria-labelledby="reject-title" open' in answer.text
    assert filled_in(answer.text)["checks-readable"] == ["no"]
    assert check_of(kyc_id).status is KycStatus.PENDING


def test_the_customer_reads_the_words_of_the_reasons(case):
    browser, kyc_id = case
    assert reject(browser, kyc_id, "BLURRY", "GLARE").status_code == 303
    assert (check_of(kyc_id).status, check_of(kyc_id).lease_holder) == (KycStatus.REJECTED, None)
    (job,) = waiting()
    assert job["args"]["words"] == {
        "id": "foto kurang tajam. Foto ulang dengan kamera yang diam dan tulisan yang terbaca; "
        "ada pantulan cahaya di atas dokumen. Foto ulang tanpa lampu kilat.",
        "en": "the photo is not sharp. Take it again with a steady hand, so that the text can be read; "
        "light reflects on the document. Take it again without the flash.",
    }
    assert decisions(kyc_id)[0].reason_codes == ["BLURRY", "GLARE"]


def test_the_customer_reads_what_the_reviewer_typed(case):
    browser, kyc_id = case
    reject(browser, kyc_id, "CROPPED", customer_text=TYPED)
    assert waiting()[0]["args"]["words"] == {"id": TYPED, "en": TYPED}
    assert decisions(kyc_id)[0].customer_text == TYPED


def test_a_final_reason_gives_the_neutral_text_whatever_was_typed(case):
    browser, _ = case
    for code in FINAL:
        kyc_id = make_kyc_check(has_images=False)
        claim(browser, kyc_id)
        assert reject(browser, kyc_id, "BLURRY", code, customer_text="Dokumen Anda palsu").status_code == 303
        job = waiting()[-1]
        assert job["args"]["words"] == NEUTRAL
        assert "palsu" not in str(job)
        assert code not in str(job)
        assert decisions(kyc_id)[0].customer_text == NEUTRAL["id"]
    assert len(waiting()) == len(FINAL)


def test_other_beside_a_final_reason_needs_no_sentence(case):
    browser, kyc_id = case
    assert reject(browser, kyc_id, "OTHER", "FORGED").status_code == 303
    assert waiting()[0]["args"]["words"] == NEUTRAL


@pytest.mark.parametrize(("language", "greeting"), [("id", "Halo Siti, foto kurang"), ("en", "Hello Siti, the photo")])
def test_the_message_reaches_the_customer_in_his_language_without_the_note(in_app, visit, language, greeting):
    customer = make_customer(fullname="Siti", preferences={"language": language, "channels": ["sms"]})
    kyc_id = make_kyc_check(user_id=customer)
    browser = visit(make_staff())
    claim(browser, kyc_id)
    reject(browser, kyc_id, "BLURRY", internal_note=NOTE)
    assert NOTE not in str(waiting())
    work_off(in_app)
    assert written() == [], "it is held for a minute"
    release_all()
    work_off(in_app)
    (message,) = written()
    assert message["notification_content"].startswith(greeting)
    assert (message["user_id"], message["notification_type"]) == (customer, "sms")
    assert (message["notification_category"], message["notification_status"]) == ("kyc", "pending")
    assert message["context"] == {"message": "kyc-rejected", "kyc_id": str(kyc_id)}
    assert NOTE not in str(message)
    assert waiting() == []


def test_staff_read_the_note_on_the_page_as_text(case):
    browser, kyc_id = case
    reject(browser, kyc_id, "BLURRY", internal_note="<img src=x onerror=alert(1)> see ticket")
    page = browser.get(f"/kyc/{kyc_id}").text
    assert "&lt;img src=x onerror=alert(1)&gt; see ticket" in page
    assert "<img src=x" not in page


def test_the_trail_keeps_the_codes_and_no_words(case):
    browser, kyc_id = case
    reject(browser, kyc_id, "GLARE", customer_text=TYPED, internal_note=NOTE)
    (event,) = audit_events("kyc.rejected")
    assert event.details == {"codes": ["GLARE"]}
    assert event.of_user == check_of(kyc_id).user_id


def test_a_rejected_document_cannot_be_verified(case):
    browser, kyc_id = case
    reject(browser, kyc_id, "BLURRY")
    answer = verify(browser, kyc_id)
    assert answer.status_code == 409
    assert "This submission has already been rejected." in answer.text
    assert check_of(kyc_id).status is KycStatus.REJECTED
