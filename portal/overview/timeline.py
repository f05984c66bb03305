"""Everything about a customer in one list, newest first: each context tells its part, and who may see it gets it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from portal import audit, auth, credit_scores, kyc, loans, notifications
from portal.overview.customer import CONTACTS, REASONS
from portal.overview.links import Link, page_of
from portal.permissions import Permission
from portal.shared.actor import Actor
from portal.shared.errors import N_, Sentence
from portal.shared.money import rupiah
from portal.shared.pagination import PAGE_SIZE, Cursor
from portal.shared.timeline import Happening, newest_first
from portal.shared.vocabulary import ScoreSource

SOURCES: tuple[tuple[str, str, Callable[..., Sequence[Happening] | None]], ...] = (
    ("kyc", Permission.KYC_STATUS, kyc.events_of),
    ("loans", Permission.LOAN_READ, loans.events_of),
    ("scores", Permission.SCORE_READ, credit_scores.events_of),
    ("messages", Permission.MESSAGE_READ, notifications.events_of),
    ("looks", Permission.CUSTOMER_MANAGE, audit.events_of),
)
KINDS: Mapping[str, tuple[str, str, str]] = {
    "kyc.submitted": (N_("Submission came in"), "", "id-card"),
    "kyc.verified": (N_("Submission verified"), "ok", "check"),
    "kyc.rejected": (N_("Submission rejected"), "bad", "x"),
    "kyc.expired": (N_("Submission expired"), "", "clock-alert"),
    "loan.submitted": (N_("Loan submitted"), "", "file-text"),
    "loan.approved": (N_("Loan approved"), "ok", "check"),
    "loan.rejected": (N_("Loan rejected"), "bad", "x"),
    "loan.decision_undone": (N_("Loan decision undone"), "info", "undo-2"),
    "payment.posted": (N_("Payment posted"), "ok", "banknote"),
    "payment.reversed": (N_("Payment reversed"), "", "undo-2"),
    "payment.rescheduled": (N_("Due date changed"), "", "calendar"),
    "payment.overdue": (N_("Installment overdue"), "bad", "clock-alert"),
    "score.entered": (N_("Score came in"), "", "gauge"),
    "message.sent": (N_("Message sent"), "", "send"),
    "message.pending": (N_("Message waits to be sent"), "", "hourglass"),
    "message.failed": (N_("Message failed"), "bad", "circle-alert"),
    "customer.deactivated": (N_("Customer deactivated"), "bad", "lock"),
    "customer.activated": (N_("Customer activated"), "ok", "lock-open"),
}
"""What happened: its msgid, tone and icon. Anything else is a look, which the trail has a word for."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One thing that happened and who did it; ``word`` and ``facts`` are msgids, ``link`` leads to what it is about."""

    id: UUID
    at: datetime
    kind: str
    word: str
    tone: str
    icon: str
    facts: list[str]
    link: Link | None
    by: str | None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of the timeline, and which contexts did not answer."""

    happenings: list[TimelineRow]
    older: Cursor | None
    missing: list[str]


def page(user_id: UUID, *, before: Cursor | None, actor: Actor) -> TimelinePage:
    """What happened to a customer before a place, as far as the actor may know."""
    heard = {
        source: events_of(user_id, before=before, limit=PAGE_SIZE + 1)
        for source, permission, events_of in SOURCES
        if actor.may(permission)
    }
    answers = [answer for answer in heard.values() if answer is not None]
    found = list(islice(merge(*answers, key=newest_first), PAGE_SIZE + 1))
    shown = [_as_seen_by(actor, happening) for happening in found[:PAGE_SIZE]]
    names = auth.names_of({happening.actor_id for happening in shown if happening.actor_id})
    return TimelinePage(
        [_row(happening, names, actor) for happening in shown],
        shown[-1].place if len(found) > PAGE_SIZE else None,
        [source for source, answer in heard.items() if answer is None],
    )


def _as_seen_by(actor: Actor, happening: Happening) -> Happening:
    """How a submission stands is everybody's to know; who decided it and why only a reviewer's."""
    document = happening.facts.get("document_type")
    if not happening.kind.startswith("kyc.") or not document or actor.may(Permission.KYC_READ):
        return happening
    return replace(happening, actor_id=None, facts={"document_type": document})


def _row(one: Happening, names: Mapping[UUID, str], actor: Actor) -> TimelineRow:
    word, tone, icon = KINDS.get(one.kind) or (audit.action_word(one.kind), "", "eye")
    link = page_of(one.kind.partition(".")[0], one.subject, actor)
    by = names.get(one.actor_id) if one.actor_id else None
    return TimelineRow(one.id, one.at, one.kind, word, tone, icon, [*_facts(one.facts)], link, by)


def _facts(facts: Mapping[str, Any]) -> Iterator[str]:
    """What else is to be said of it."""
    if document := facts.get("document_type"):
        yield _verbatim(str(document).upper())
    if facts.get("is_undone"):
        yield N_("undone")
    if number := facts.get("number"):
        yield Sentence(N_("Installment %(number)s"), number=number)
    if amount := facts.get("amount"):
        yield _verbatim(rupiah(Decimal(amount)))
    if "source" in facts:
        yield ScoreSource(facts["source"]).word
    yield from (_verbatim(facts[name]) for name in ("score", "title") if facts.get(name))
    yield from (word for word in (CONTACTS.get(facts.get("field", "")), REASONS.get(facts.get("reason", ""))) if word)
    for code in facts.get("reason_codes") or ():
        yield kyc.REASONS[code].label if code in kyc.REASONS else loans.reason_word(code)


def _verbatim(said: Any) -> Sentence:
    """What is no msgid, and reads the same in every language."""
    return Sentence("%(said)s", said=said)
