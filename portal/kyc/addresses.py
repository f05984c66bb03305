"""The addresses of the queue's pages: its tabs, its filters, its next and previous page."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.kyc.browsing import Counters
from portal.kyc.models import KycStatus
from portal.shared.errors import N_
from portal.shared.pagination import Cursor

PARAMETERS = ("status", "document_type", "flag", "held", "age")
TABS: dict[str, tuple[str, dict[str, Any]]] = {
    "waiting": (N_("Waiting"), {}),
    "mine": (N_("Held by me"), {"held": "me"}),
    "late": (N_("Past target"), {"age": "late"}),
    "rejected": (N_("Rejected"), {"status": "rejected"}),
    "expired": (N_("Expired"), {"status": "expired"}),
    "verified": (N_("Verified"), {"status": "verified"}),
}


def tabs(counters: Counters) -> list[tuple[str, str, str, int, bool]]:
    present = {name: request.args.get(name, "") for name in ("status", "held", "age")}
    if present["status"] == KycStatus.PENDING:
        present["status"] = ""
    return [
        (
            key,
            _(label),
            url_for("kyc.index", **query),
            getattr(counters, key),
            present == {"status": "", "held": "", "age": "", **query},
        )
        for key, (label, query) in TABS.items()
    ]


def given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}


def first_page(**changes: Any) -> str:
    """This list with some parameters changed, from its first page."""
    return url_for("kyc.index", **{**given(), **changes})


def page(**cursor: Cursor | None) -> str | None:
    name, place = next(iter(cursor.items()))
    return first_page(**{name: str(place)}) if place else None
