"""Where something is: an address before anybody has written it out, and the page of a thing."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from portal.permissions import Permission
from portal.shared.actor import Actor


class Link(NamedTuple):
    """A view and what its address holds."""

    endpoint: str
    query: Mapping[str, Any]


PAGES = {
    "customer": ("customers.show", "user_id", Permission.CUSTOMER_READ),
    "kyc": ("kyc.show", "kyc_id", Permission.KYC_READ),
    "loan": ("loans.show", "loan_id", Permission.LOAN_READ),
    "payment": ("loans.payments", "loan_id", Permission.LOAN_READ),
    "score": ("credit_scores.show", "credit_score_id", Permission.SCORE_READ),
    "credit-score": ("credit_scores.show", "credit_score_id", Permission.SCORE_READ),
    "message": ("notifications.show", "message_id", Permission.MESSAGE_READ),
}


def link(endpoint: str, **query: Any) -> Link:
    return Link(endpoint, query)


def page_of(kind: str, subject: UUID | None, actor: Actor) -> Link | None:
    """The page about it, for whoever may open that."""
    endpoint, argument, permission = PAGES.get(kind, ("", "", ""))
    return Link(endpoint, {argument: subject}) if subject and actor.may(permission) else None
