"""What customers read: one entry per event, in Indonesian and English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A title and a text with ``{name}``, and ``{words}`` where the caller gives words of its own."""

    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Message:
    """An event's category and its wording by language."""

    category: str
    wording: dict[str, Wording]


MESSAGES = {
    "kyc-verified": Message(
        "kyc",
        {
            "id": Wording(
                "Identitas Anda sudah terverifikasi",
                "Halo {name}, dokumen identitas Anda sudah kami periksa dan terverifikasi. "
                "Anda tidak perlu melakukan apa pun.",
            ),
            "en": Wording(
                "Your identity is verified",
                "Hello {name}, we have checked your identity document and verified it. "
                "There is nothing you need to do.",
            ),
        },
    ),
    "kyc-rejected": Message(
        "kyc",
        {
            "id": Wording("Dokumen identitas Anda belum dapat kami terima", "Halo {name}, {words}"),
            "en": Wording("We could not accept your identity document", "Hello {name}, {words}"),
        },
    ),
    "kyc-expired": Message(
        "kyc",
        {
            "id": Wording(
                "Perbarui dokumen identitas Anda",
                "Halo {name}, masa berlaku dokumen identitas Anda sudah berakhir. "
                "Kirim foto dokumen yang masih berlaku lewat aplikasi.",
            ),
            "en": Wording(
                "Renew your identity document",
                "Hello {name}, your identity document is no longer valid. Send photos of a valid one through the app.",
            ),
        },
    ),
    "loan-approved": Message(
        "loan",
        {
            "id": Wording(
                "Pinjaman Anda disetujui",
                "Halo {name}, pinjaman Anda sudah disetujui. Jadwal angsuran ada di aplikasi.",
            ),
            "en": Wording(
                "Your loan is approved", "Hello {name}, your loan is approved. The app shows your installments."
            ),
        },
    ),
    "loan-rejected": Message(
        "loan",
        {
            "id": Wording(
                "Pinjaman Anda belum dapat disetujui", "Halo {name}, pinjaman Anda belum dapat kami setujui: {words}."
            ),
            "en": Wording("We could not approve your loan", "Hello {name}, we could not approve your loan: {words}."),
        },
    ),
    "payment-due-tomorrow": Message(
        "payment",
        {
            "id": Wording("Angsuran jatuh tempo besok", "Halo {name}, angsuran pinjaman Anda jatuh tempo besok."),
            "en": Wording(
                "An installment is due tomorrow", "Hello {name}, an installment of your loan is due tomorrow."
            ),
        },
    ),
    "payment-overdue": Message(
        "payment",
        {
            "id": Wording(
                "Angsuran Anda terlambat",
                "Halo {name}, angsuran pinjaman Anda sudah lewat jatuh tempo. Bayar lewat aplikasi.",
            ),
            "en": Wording(
                "An installment is overdue",
                "Hello {name}, an installment of your loan is overdue. Pay it through the app.",
            ),
        },
    ),
}
