"""Why an identity check is rejected: what staff call it, and what the customer reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.shared.errors import N_

MAX_REASONS = 4
OTHER = "OTHER"
MIN_OTHER_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Reason:
    """``label`` is staff's word, the others are the customer's sentence. Final: no retry, no detail."""

    label: str
    indonesian: str = ""
    english: str = ""
    is_final: bool = False


REASONS: dict[str, Reason] = {
    "BLURRY": Reason(
        N_("Photo blurry"),
        "foto kurang tajam. Foto ulang dengan kamera yang diam dan tulisan yang terbaca.",
        "the photo is not sharp. Take it again with a steady hand, so that the text can be read.",
    ),
    "GLARE": Reason(
        N_("Glare on the document"),
        "ada pantulan cahaya di atas dokumen. Foto ulang tanpa lampu kilat.",
        "light reflects on the document. Take it again without the flash.",
    ),
    "CROPPED": Reason(
        N_("A corner is cut off"),
        "salah satu sudut dokumen terpotong. Foto ulang dengan keempat sudut terlihat.",
        "a corner of the document is cut off. Take it again with all four corners in view.",
    ),
    "SCREENSHOT_OR_COPY": Reason(
        N_("Screenshot or copy"),
        "foto bukan dari dokumen asli. Foto dokumen aslinya, bukan layar atau fotokopi.",
        "the photo is not of the original. Photograph the document itself, not a screen or a copy.",
    ),
    "WRONG_TYPE": Reason(
        N_("Wrong document"),
        "dokumen ini bukan jenis yang Anda pilih. Kirim dokumen yang sesuai.",
        "this is not the document you chose. Send the one that you chose.",
    ),
    "SELFIE_UNCLEAR": Reason(
        N_("Selfie unclear"),
        "swafoto kurang jelas. Ambil lagi di tempat terang tanpa penutup wajah.",
        "the selfie is not clear. Take it again in a bright place with your face uncovered.",
    ),
    "NUMBER_UNREADABLE": Reason(
        N_("Number unreadable"),
        "nomor dokumen tidak terbaca. Foto ulang dari dekat.",
        "the document number cannot be read. Take the photo again from nearer.",
    ),
    "NUMBER_MISMATCH": Reason(
        N_("Number differs"),
        "nomor pada dokumen berbeda dengan yang Anda isi. Periksa nomornya lalu kirim lagi.",
        "the number on the document differs from the one you entered. Check it and send again.",
    ),
    "DOCUMENT_EXPIRED": Reason(
        N_("Document expired"),
        "masa berlaku dokumen sudah berakhir. Kirim dokumen yang masih berlaku.",
        "the document is no longer valid. Send one that is.",
    ),
    "DATA_MISMATCH": Reason(
        N_("Data differ from the profile"),
        "data pada dokumen berbeda dengan profil Anda. Sesuaikan profil Anda lalu kirim lagi.",
        "the data on the document differ from your profile. Correct your profile and send again.",
    ),
    "OTHER": Reason(
        N_("Other"),
        "dokumen belum dapat kami terima. Kirim foto yang baru.",
        "we could not accept the document. Send new photos.",
    ),
    "FORGED": Reason(N_("Forged"), is_final=True),
    "REPORTED_STOLEN": Reason(N_("Reported stolen"), is_final=True),
    "IDENTITY_THEFT": Reason(N_("Somebody else's identity"), is_final=True),
    "DUPLICATE_OTHER_USER": Reason(N_("Belongs to another customer"), is_final=True),
    "UNDER_AGE": Reason(N_("Under age"), is_final=True),
}
FINAL = frozenset(code for code, reason in REASONS.items() if reason.is_final)
_FINAL_WORDS = {
    "id": "kami tidak dapat memverifikasi identitas Anda. Hubungi layanan nasabah bila ada pertanyaan.",
    "en": "we could not verify your identity. Contact customer service if you have questions.",
}


def customer_words(codes: Sequence[str], typed: str = "") -> dict[str, str]:
    """What the customer reads, by language: neutral for a final code, else what was typed or the codes' own."""
    if FINAL.intersection(codes):
        return dict(_FINAL_WORDS)
    if typed:
        return {"id": typed, "en": typed}
    reasons = [REASONS[code] for code in codes]
    return {
        "id": "; ".join(reason.indonesian.rstrip(".") for reason in reasons) + ".",
        "en": "; ".join(reason.english.rstrip(".") for reason in reasons) + ".",
    }
