"""Everybody who may not enter."""

from portal.shared.database import db
from tests.client import PASSWORD
from tests.factories import make_borrower, make_staff


def kinds_of_failure() -> dict[str, tuple[str, str]]:
    """Each with an e-mail of the same length and a password to try."""
    inactive = make_staff(email="inactive@example.com", status="inactive")
    left = make_staff(email="leftlast@example.com", deactivated_at=db.func.now())
    return {
        "unknown": ("nobodyis@example.com", PASSWORD),
        "wrong password": (make_staff(email="workinge@example.com").email, "not-the-password"),
        "borrower": (make_borrower(email="borrower@example.com"), PASSWORD),
        "inactive account": (inactive.email, PASSWORD),
        "left the staff": (left.email, PASSWORD),
        "no password yet": (make_staff(email="newcomer@example.com", password_hash=None).email, PASSWORD),
    }
