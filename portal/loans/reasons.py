"""Why a loan is rejected: staff's word and the customer's sentence."""

from dataclasses import dataclass

from flask_babel import gettext

from portal.shared.errors import N_
from portal.shared.scoring import REASONS as SCORE_REASONS


@dataclass(frozen=True, slots=True)
class Reason:
    """``label`` is staff's word; the other two are what the customer reads."""

    label: str
    indonesian: str
    english: str


REASONS: dict[str, Reason] = {
    "INCOME_INSUFFICIENT": Reason(
        N_("Income insufficient"),
        "penghasilan belum mencukupi untuk angsuran ini",
        "the income does not cover the installments",
    ),
    "DEBT_RATIO_TOO_HIGH": Reason(
        N_("Debt ratio too high"),
        "kewajiban Anda saat ini sudah tinggi dibanding penghasilan",
        "your present obligations are high for your income",
    ),
    "ADVERSE_BUREAU_RECORD": Reason(
        N_("Adverse bureau record"),
        "catatan kredit Anda belum memenuhi syarat",
        "your credit record does not meet our terms",
    ),
    "SCORE_BELOW_POLICY": Reason(
        N_("Score below policy"), "penilaian kredit belum memenuhi syarat", "the credit score does not meet our terms"
    ),
    "EMPLOYMENT_UNVERIFIED": Reason(
        N_("Employment unverified"), "pekerjaan Anda belum dapat kami pastikan", "we could not confirm your employment"
    ),
    "KYC_REJECTED": Reason(
        N_("Identity not verified"), "identitas Anda belum terverifikasi", "your identity is not verified"
    ),
    "DOCUMENT_INCONSISTENT": Reason(
        N_("Documents inconsistent"), "dokumen yang dikirim tidak sesuai", "the documents do not agree"
    ),
    "EXISTING_OVERDUE": Reason(
        N_("Existing overdue"), "masih ada angsuran yang terlambat", "an installment of yours is overdue"
    ),
    "UNDER_AGE": Reason(N_("Under age"), "usia belum memenuhi syarat", "the minimum age is not met"),
    "ABOVE_LIMIT": Reason(
        N_("Above the limit"), "jumlah yang diminta melebihi batas", "the amount is above your limit"
    ),
    "FRAUD": Reason(N_("Fraud"), "pengajuan belum memenuhi ketentuan kami", "the application does not meet our terms"),
    "OTHER": Reason(N_("Other"), "pengajuan belum memenuhi ketentuan kami", "the application does not meet our terms"),
}


def reason_word(code: str) -> str:
    """A reason's msgid: of a rejection or of a manual score."""
    return REASONS[code].label if code in REASONS else SCORE_REASONS.get(code, code)


def code_word(code: str) -> str:
    """The same in the reader's language, for contexts that do not translate where they show it."""
    return str(gettext(reason_word(code)))
