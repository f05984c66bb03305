"""One-time command ids: a double click, a replayed form or a retry acts once and gets the first answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.actor import Actor
from portal.shared.database import Base, db, require_transaction
from portal.shared.errors import INCOMPLETE, N_, Refused


class Command(Base):
    """``commands``: what was done under which id, and where its answer led."""

    __tablename__ = "commands"

    command_id: Mapped[UUID] = mapped_column(primary_key=True)
    actor_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(255), server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first run of a command answered: the id of what to show next, or nothing."""

    location: UUID | None


@contextmanager
def once(command: UUID | None, action: str, actor: Actor) -> Iterator[Answer | None]:
    """Yields None to the first run of a command, and to every further one what the first answered.

    Enter it first in the transaction: of several equal requests one goes on, the others wait here for its commit.
    Without an id, which a page of ours always sends, all that counts before it is said first; then it is refused.
    """
    yield earlier_answer(command, action, actor=actor) if command else None
    if command is None:
        raise Refused(INCOMPLETE)


def earlier_answer(command: UUID, action: str, *, actor: Actor) -> Answer | None:
    """Take the command id, or wait for whoever has it and return their answer."""
    session = require_transaction()
    taken = session.execute(
        insert(Command)
        .values(command_id=command, actor_id=actor.id, action=action)
        .on_conflict_do_nothing()
        .returning(Command.command_id)
    ).first()
    if taken:
        return None
    first = session.execute(
        select(Command.location).where(
            Command.command_id == command, Command.actor_id == actor.id, Command.action == action
        )
    ).first()
    if first is None:
        raise Refused(N_("This form was already used for something else. Open the page again."))
    return Answer(UUID(first.location) if first.location else None)


def is_done(command_id: UUID, action: str, *, actor: Actor) -> bool:
    """Whether it was done already; for what a proof comes before, which holds only once."""
    first = select(Command.command_id).where(
        Command.command_id == command_id, Command.actor_id == actor.id, Command.action == action
    )
    return db.session.execute(first).first() is not None


def remember(command: UUID | None, location: UUID | None) -> UUID | None:
    """Keep the answer for whoever sends the same command again; returns it."""
    if command is not None and location is not None:
        require_transaction().execute(
            update(Command).where(Command.command_id == command).values(location=str(location))
        )
    return location
