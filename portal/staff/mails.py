"""What members of staff are told by mail when an administrator changed something of theirs."""

MAILS: dict[str, dict[str, tuple[str, str]]] = {
    "invited": {
        "en": (
            "Your access to the staff portal",
            "Hello {name},\n\nthe staff portal is open to you. Choose a password once, within 24 hours:\n\n{link}\n",
        ),
        "id": (
            "Akses Anda ke portal staf",
            "Halo {name},\n\nportal staf kini terbuka bagi Anda. Pilih kata sandi, satu kali dalam 24 jam:\n\n{link}\n",
        ),
    },
    "reset": {
        "en": (
            "Choose a new password for the staff portal",
            "Hello {name},\n\nan administrator asked for a new password. Choose it once, within 24 hours:\n\n{link}\n",
        ),
        "id": (
            "Pilih kata sandi baru untuk portal staf",
            "Halo {name},\n\nadministrator meminta kata sandi baru. Pilih satu kali dalam 24 jam:\n\n{link}\n",
        ),
    },
    "role-changed": {
        "en": (
            "Your role in the staff portal",
            "Hello {name},\n\nan administrator changed your role in the staff portal.\n",
        ),
        "id": ("Peran Anda di portal staf", "Halo {name},\n\nadministrator mengubah peran Anda di portal staf.\n"),
    },
    "deactivated": {
        "en": ("Your access to the staff portal has ended", "Hello {name},\n\nan administrator ended your access.\n"),
        "id": ("Akses Anda ke portal staf berakhir", "Halo {name},\n\nadministrator mengakhiri akses Anda.\n"),
    },
    "activated": {
        "en": ("You can use the staff portal again", "Hello {name},\n\nan administrator gave you access again.\n"),
        "id": ("Anda dapat menggunakan portal staf lagi", "Halo {name},\n\nadministrator memberi Anda akses lagi.\n"),
    },
    "sessions-ended": {
        "en": ("You were signed out of the staff portal", "Hello {name},\n\nan administrator ended your sessions.\n"),
        "id": ("Anda dikeluarkan dari portal staf", "Halo {name},\n\nadministrator mengakhiri sesi Anda.\n"),
    },
}
WITH_LINK = {"invited", "reset"}
