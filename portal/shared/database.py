"""Postgres: the declarative base, the one way to open a transaction, and what a failing server looks like."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Enum, Numeric, Uuid, make_url
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session, registry

SESSION = "-c timezone=UTC -c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
LOCK_TIMEOUT = "55P03"
DEADLOCK = "40P01"

Result = TypeVar("Result")

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLAlchemy(session_options={"expire_on_commit": False})
db.metadata.naming_convention = NAMES


class Base(DeclarativeBase):
    """The base of every mapped class."""

    registry = registry(
        metadata=db.metadata,
        type_annotation_map={
            UUID: Uuid(),
            datetime: DateTime(timezone=True),
            Decimal: Numeric(10, 2),
            dict[str, Any]: JSONB(),
        },
    )


def native_enum(enum: type[StrEnum], name: str) -> Enum:
    """A native Postgres enum whose values are the enum's own."""
    return Enum(enum, name=name, values_callable=lambda members: [member.value for member in members])


patience: ContextVar[float | None] = ContextVar("patience", default=None)


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server which takes the question and never answers.

    No timeout of the server or of TCP ends that. While :data:`patience` is set, a wait lasts that many seconds at most.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout if timeout is not None else patience.get())
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from error


def engine_options(url: str) -> dict[str, Any]:
    """Short timeouts, so that a failing server costs seconds and not workers."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "creator": lambda: PatientConnection.connect(conninfo, connect_timeout=2, options=SESSION),
        "pool_size": 8,
        "max_overflow": 4,
        "pool_timeout": 3,
        "pool_pre_ping": True,
        "hide_parameters": True,
    }


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit everything done inside, or nothing of it.

    Row locks, business rows, audit events and jobs written inside live and die together. Transactions do not nest:
    a use case opens one, and what it calls joins it.
    """
    session = db.session()
    if session.info.get("is_open"):
        raise RuntimeError("transactions do not nest")
    session.rollback()
    session.info["is_open"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["is_open"] = False


def hold_still() -> None:
    """From now on the session sees everything as it stands now, whatever people go on to change."""
    session = db.session()
    session.rollback()
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def require_transaction() -> Session:
    """The session, for what may only be written together with the change it belongs to."""
    session = db.session()
    if not session.info.get("is_open"):
        raise RuntimeError("this is written inside `with transaction():` only")
    return session


def is_unreachable(error: Exception) -> bool:
    """Whether Postgres did not answer, so that trying again later makes sense."""
    if isinstance(error, TimeoutError | InterfaceError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError) and not is_contention(error)


def is_contention(error: Exception) -> bool:
    """Whether two people wanted the same row for longer than anybody should wait."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {LOCK_TIMEOUT, DEADLOCK}


def again_when_contended(act: Callable[[], Result], *, tries: int = 3) -> Result:
    """What ``act``, a whole transaction, returns; run again when it lost a row to another. For where nobody clicks."""
    while True:
        try:
            return act()
        except DBAPIError as error:
            tries -= 1
            if not tries or not is_contention(error):
                raise
