"""The addresses of the queue's pages: its tabs, its filters, its next and previous page."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.kyc.browsing import Counters
from portal.kyc.models import KycStatus
from portal.shared.ages import LATE
from portal.shared.errors import N_
from portal.shared.pagination import Cursor

PARAMETERS = ("status", "document_type", "flag", "held", "age")
OF_DECISIONS = ("by", "from", "reason")
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
    if present["age"] != LATE:
        present["age"] = ""
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


def is_filtered() -> bool:
    """Whether it is narrowed to less than its tab says."""
    return bool(request.args.get("document_type") or request.args.get("flag") or _span())


def unfiltered() -> str:
    return first_page(document_type=None, flag=None, **({"age": None} if _span() else {}))


def _span() -> str:
    """The span of waiting, unless a tab of its own says it."""
    age = request.args.get("age", "")
    return "" if age == LATE else age


def first_page(**changes: Any) -> str:
    """This list with some parameters changed, from its first page."""
    return url_for("kyc.index", **{**given(), **changes})


def page(**cursor: Cursor | None) -> str | None:
    name, place = next(iter(cursor.items()))
    return first_page(**{name: str(place)}) if place else None


def decisions(**changes: Any) -> str | None:
    """The list of decisions as it is narrowed now, at another place; None without one."""
    if not all(changes.values()):
        return None
    given: dict[str, Any] = {name: request.args[name] for name in OF_DECISIONS if request.args.get(name)}
    return url_for("kyc.decisions", **given, **changes)
