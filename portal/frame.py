"""What the frame around every page shows: the rooms, who is signed in, and how they like their pages."""

from typing import Any

from flask import url_for
from flask_babel import get_locale

from portal import auth
from portal.permissions import Permission, Role
from portal.shared.actor import Actor
from portal.shared.errors import N_
from portal.web import access
from portal.web.words import translated, word

ROOMS = [
    ("home", N_("Home"), "house", "overview.home", Permission.PORTAL_ENTER),
    ("kyc", N_("KYC queue"), "id-card", "kyc.index", Permission.KYC_READ),
    ("customers", N_("Customers"), "users", "customers.index", Permission.CUSTOMER_READ),
    ("loans", N_("Loans"), "hand-coins", "loans.index", Permission.LOAN_READ),
    ("notifications", N_("Notifications"), "bell", "notifications.index", Permission.MESSAGE_READ),
    ("credit-scores", N_("Credit scores"), "gauge", "credit_scores.index", Permission.SCORE_READ),
    ("staff", N_("Staff"), "user-cog", "staff.index", Permission.STAFF_MANAGE),
    ("audit", N_("Audit trail"), "scroll-text", "audit.index", Permission.AUDIT_READ),
]


def common() -> dict[str, Any]:
    """What every template gets; looks nobody up, so that an error page works without a database."""
    frame: dict[str, Any] = {
        "locale": str(get_locale()),
        "actor": None,
        "theme": None,
        "density": "comfortable",
        "shortcuts": True,
        "idle_seconds": int(auth.IDLE.total_seconds()),
        "idle_warning": int(auth.IDLE_WARNING.total_seconds()),
    }
    if access.is_signed_in():
        user = access.signed_in()
        frame |= {
            "actor": user.actor,
            "role_label": word(Role(str(user.actor.role))),
            "navigation": _navigation(user.actor),
            "theme": {"light": "light", "dark": "dark"}.get(user.preferences.get("theme", "")),
            "density": user.preferences.get("density", "comfortable"),
            "shortcuts": user.preferences.get("shortcuts") != "off",
        }
    return frame


def _navigation(actor: Actor) -> list[dict[str, str]]:
    return [
        {"key": key, "label": translated(label), "icon": icon, "url": url_for(endpoint)}
        for key, label, icon, endpoint, permission in ROOMS
        if actor.may(permission)
    ]
