"""The list of events: newest first, each combination of filters on an index in page order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.audit.models import ACTIONS, LOOKS, AuditEvent, action_word
from portal.audit.trail import names_of, note_opening
from portal.permissions import Role
from portal.shared.actor import PORTAL, Actor
from portal.shared.errors import N_
from portal.shared.fields import Choice, Id, Since, Until
from portal.shared.lists import EVERYTHING, Asked, Export, Listing
from portal.shared.pagination import Page, Slice

LOOKED = "looks"
ACTION = re.compile(r"[a-z]+([._-][a-z]+){0,5}")
ROLES = {role.value: role.word for role in Role}
EXPORTED = ("event_id", "at", "action", "actor_id", "actor", "actor_role", "subject", "of_user", "details")
EVERYBODY = N_("Show everybody's events")
WRONG_ID = N_("Enter a whole ID, such as one copied from a row.")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with the name of whoever acted, empty when nobody knows it; ``word`` and ``role`` are msgids."""

    event_id: UUID
    at: datetime
    action: str
    subject: UUID | None
    of_user: UUID | None
    actor_id: UUID | None
    actor: str
    actor_role: str | None
    details: dict[str, Any]

    @property
    def word(self) -> str:
        return action_word(self.action)

    @property
    def role(self) -> str:
        return ROLES.get(self.actor_role or "", N_("The portal"))


class _Action(Choice):
    """One action, also one that nobody described, or all by which somebody saw something."""

    def read(self, text: str) -> str:
        if len(text) > 64 or not ACTION.fullmatch(text):
            raise ValueError(self.wrong)
        return text

    def shape(self, value: str) -> bool:
        return value == LOOKED

    def where(self, column: Any, shape: bool) -> Sequence[Any]:
        return [column.in_(LOOKS)] if shape else list(super().where(column, shape))

    def parts(self, column: Any, shape: bool) -> Sequence[Any]:
        return [column == look for look in LOOKS] if shape else []


class _Trail(Listing[EventRow]):
    """The audit trail, in which looking up a customer is itself recorded."""

    def page(self, asked: Asked, part: Slice, *, actor: Actor, **how: Any) -> Page[EventRow]:
        if asked["of"]:
            note_opening("audit.opened", asked["of"], of=asked["of"], actor=actor)
        return super().page(asked, part, actor=actor, **how)


def _rows(rows: Sequence[Any], actor: Actor) -> list[EventRow]:
    names = names_of({row.actor_id for row in rows})
    return [EventRow(**row._mapping, actor=names.get(row.actor_id, "")) for row in rows]


EVENTS: Listing[EventRow] = _Trail(
    AuditEvent.event_id,
    AuditEvent.at,
    AuditEvent.action,
    AuditEvent.subject,
    AuditEvent.of_user,
    AuditEvent.actor_id,
    AuditEvent.actor_role,
    AuditEvent.details,
    key=(AuditEvent.at, AuditEvent.event_id),
    is_strict=True,
    fields=[
        Id(
            name="actor",
            column=AuditEvent.actor_id,
            wrong=WRONG_ID,
            token=N_("Person: %(name)s"),
            all=EVERYBODY,
            named=lambda actor_id, rows: names_of({actor_id}).get(actor_id) or str(actor_id)[:8],
        ),
        _Action(
            name="action",
            label=N_("Action"),
            all=N_("Any action"),
            column=AuditEvent.action,
            among={LOOKED: N_("Looked at something"), **ACTIONS},
            sorted_from=2,
            whole_with=["subject", "of"],
            wrong=N_("Choose one of the actions."),
        ),
        Id(
            name="subject",
            label=N_("Subject (ID)"),
            column=AuditEvent.subject,
            in_bar=lambda values: True,
            wrong=WRONG_ID,
        ),
        Id(
            name="of",
            column=AuditEvent.of_user,
            wrong=WRONG_ID,
            token=N_("Customer: %(name)s"),
            all=EVERYBODY,
            named=lambda user_id, rows: str(user_id)[:8],
        ),
        Since(name="from", label=N_("From"), column=AuditEvent.at),
        Until(name="to", label=N_("To"), column=AuditEvent.at, above="from"),
    ],
    export=Export("audit.exported", "audit.csv", {name: name for name in EXPORTED}),
    shown=_rows,
)


def latest(most: int) -> Sequence[EventRow]:
    """What happened last, newest first; at most a page."""
    return EVENTS.page(EVERYTHING, Slice(), actor=PORTAL).rows[:most]
