"""Everything about a customer in one list, newest first: each context tells its part, and who may see it gets it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from uuid import UUID

from portal import audit, auth, credit_scores, kyc, loans, notifications
from portal.permissions import Permission
from portal.shared.actor import Actor
from portal.shared.pagination import PAGE_SIZE, Cursor
from portal.shared.timeline import Happening, newest_first

SOURCES: tuple[tuple[str, str, Callable[..., Sequence[Happening] | None]], ...] = (
    ("kyc", Permission.KYC_STATUS, kyc.events_of),
    ("loans", Permission.LOAN_READ, loans.events_of),
    ("scores", Permission.SCORE_READ, credit_scores.events_of),
    ("messages", Permission.MESSAGE_READ, notifications.events_of),
    ("looks", Permission.CUSTOMER_MANAGE, audit.events_of),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A page of the timeline: what happened with the names of who did it, and which contexts did not answer."""

    happenings: list[Happening]
    names: dict[UUID, str]
    older: Cursor | None
    missing: list[str]


def page(user_id: UUID, *, before: Cursor | None, actor: Actor) -> Told:
    """What happened to a customer before a place, as far as the actor may know."""
    heard = {
        source: events_of(user_id, before=before, limit=PAGE_SIZE + 1)
        for source, permission, events_of in SOURCES
        if actor.may(permission)
    }
    answers = [answer for answer in heard.values() if answer is not None]
    told = list(islice(merge(*answers, key=newest_first), PAGE_SIZE + 1))
    shown = [_as_seen_by(actor, happening) for happening in told[:PAGE_SIZE]]
    return Told(
        shown,
        auth.names_of({happening.actor_id for happening in shown if happening.actor_id}),
        shown[-1].place if len(told) > PAGE_SIZE else None,
        [source for source, answer in heard.items() if answer is None],
    )


def _as_seen_by(actor: Actor, happening: Happening) -> Happening:
    """How a submission stands is everybody's to know; who decided it and why only a reviewer's."""
    if (
        not happening.kind.startswith("kyc.")
        or "document_type" not in happening.facts
        or actor.may(Permission.KYC_READ)
    ):
        return happening
    return replace(happening, actor_id=None, facts={"document_type": happening.facts["document_type"]})
