"""Signing in and out, proving once more who one is, and the sessions between."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal import audit, config
from portal.auth import attempts, passwords
from portal.auth.models import Account, AuthSession, StaffMember
from portal.auth.repository import accounts, auth_sessions
from portal.permissions import GRANTS, Role
from portal.shared.actor import Actor, SignedIn
from portal.shared.answers import Answers
from portal.shared.crypto import new_id, new_token, token_hash
from portal.shared.database import transaction
from portal.shared.errors import N_, Invalid, Problems, Refused
from portal.shared.vocabulary import Activity

IDLE = timedelta(minutes=15)
IDLE_WARNING = timedelta(minutes=2)
ROTATION = timedelta(minutes=15)
GRACE = timedelta(seconds=30)
LIFETIME = timedelta(hours=12)
FRESH = timedelta(minutes=10)
MAX_EMAIL, MAX_TYPED = 255, 1024


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordAnswers(Answers):
    """A password that was typed."""

    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAnswers(PasswordAnswers):
    """Who wants to sign in."""

    email: str = ""


def fold(email: str) -> str:
    """The one spelling under which an e-mail address is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def sign_in(answers: SignInAnswers, *, client: Client) -> str:
    """The token of a new session; one refusal, and one duration, for every way to fail."""
    with answers.judged() as wrong:
        wrong.unless(answers.email, "email", N_("Enter your email"))
        wrong.unless(len(answers.email) <= MAX_EMAIL, "email", N_("This is too long"))
        judge_typed(answers.password, "password", wrong)
    email = fold(answers.email)
    attempts.count(email, client.ip)
    found = accounts.by_email(email)
    account = found[0] if found else None
    is_right = passwords.is_right(account.password_hash if account else None, answers.password)
    if not (is_right and found and account and may_enter(*found) and _password_is_enough(account)):
        audit.note("auth.sign-in-failed", account.auth_id if account else None, actor=stranger(client))
        raise Refused(N_("The email or password is not right."))
    attempts.forgive(email, client.ip)
    is_weak = passwords.needs_rehash(account.password_hash or "")
    renewed = passwords.hash_password(answers.password) if is_weak else None
    with transaction():
        if renewed:
            account.password_hash = renewed
        return open_session(found, client, instead_of=None)


def confirm(answers: PasswordAnswers, *, client: Client, actor: Actor) -> str:
    """A new token after the password was given once more, for what asks for a fresh sign-in."""
    with answers.judged() as wrong:
        judge_typed(answers.password, "password", wrong)
    found = accounts.get(actor.id)
    require_password(found[0], answers.password, "password", actor=actor)
    with transaction():
        return open_session(found, client, instead_of=actor.session_id)


def judge_typed(password: str, name: str, wrong: Problems) -> None:
    """Something has to be typed into the field of this name, and no more than is worth hashing."""
    wrong.unless(password, name, N_("Enter your password"))
    wrong.unless(len(password) <= MAX_TYPED, name, N_("This is too long"))


def require_password(account: Account, password: str, name: str, *, actor: Actor) -> None:
    """Raise unless it is the password of whoever is signed in; attempts count as those of signing in."""
    attempts.count(account.email, actor.ip)
    if not passwords.is_right(account.password_hash, password):
        audit.note("auth.confirm-failed", account.auth_id, actor=actor)
        raise Invalid({name: N_("The password is not right.")})
    attempts.forgive(account.email, actor.ip)


def sign_out(actor: Actor) -> None:
    """End this session and its family."""
    with transaction():
        if actor.session_id:
            auth_sessions.revoke(actor.session_id)
        audit.record("auth.signed-out", actor.auth_id, actor=actor)


def resolve(token: str, *, is_activity: bool, ip: str | None) -> SignedIn | None:
    """Who holds this token, when its session is alive; an activity keeps it so, and replaces a token that is due."""
    hashed = token_hash(token)
    row = auth_sessions.resolve(token_hash=hashed, idle=IDLE, fresh=FRESH, grace=GRACE, is_activity=is_activity)
    if row is None:
        _end_if_replayed(hashed, ip)
        return None
    role = Role(row.role)
    return SignedIn(
        actor=Actor(row.auth_id, role, row.display_name, GRANTS[role], row.id, ip),
        is_fresh=row.is_fresh,
        must_register=not (row.is_biometric_enabled or config.current().is_demo),
        preferences=row.preferences,
        new_token=_rotate(hashed) if row.is_due and is_activity else None,
    )


def _rotate(hashed: str) -> str | None:
    token = new_token()
    is_mine = auth_sessions.rotate(token_hash=hashed, new_hash=token_hash(token), rotation=ROTATION)
    return token if is_mine else None


def _end_if_replayed(hashed: str, ip: str | None) -> None:
    """A token that was replaced long ago is in other hands, or its successor is: nobody keeps the session."""
    with transaction():
        if found := auth_sessions.stale(token_hash=hashed, grace=GRACE):
            auth_sessions.revoke(found.id)
            audit.record("auth.token-reused", found.auth_id, actor=Actor(None, None, "", session_id=found.id, ip=ip))


def went_idle(token: str) -> bool:
    """Whether this token's session ended only because nobody used it.

    Postgres is asked whatever the token is, so that nobody types a password in vain while it does not answer.
    """
    return auth_sessions.is_idle(token_hash=token_hash(token), idle=IDLE)


@audit.actor_names.listen
def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """Display names of staff, in one query."""
    return accounts.names(list(ids)) if ids else {}


def list_sessions(auth_id: UUID) -> Sequence[AuthSession]:
    """The living sessions of an account, the last used first."""
    return auth_sessions.living(auth_id, IDLE)


def may_enter(account: Account, member: StaffMember) -> bool:
    """Whether this account has a place in the portal now."""
    is_allowed = config.current().is_demo or not account.is_of_demo
    return account.status is Activity.ACTIVE and member.deactivated_at is None and is_allowed


def _password_is_enough(account: Account) -> bool:
    return config.current().is_demo or not account.is_biometric_enabled


def open_session(found: tuple[Account, StaffMember], client: Client, instead_of: UUID | None, **details: Any) -> str:
    """The token of a new session, in the caller's transaction; ``instead_of`` another it keeps that one's end."""
    account, member = found
    token, session_id = new_token(), new_id()
    session = AuthSession(
        id=session_id,
        auth_id=account.auth_id,
        refresh_token=token_hash(token),
        family_id=session_id,
        user_agent=client.user_agent[:500],
        ip=client.ip,
    )
    auth_sessions.add(session, lifetime=LIFETIME)
    if instead_of:
        _carry_over(session, instead_of)
    actor = Actor(account.auth_id, member.role, member.display_name, GRANTS[member.role], session_id, client.ip)
    audit.record("auth.confirmed" if instead_of else "auth.signed-in", account.auth_id, actor=actor, **details)
    return token


def _carry_over(session: AuthSession, old_id: UUID) -> None:
    old = auth_sessions.get(old_id, for_update=True)
    if old.revoked_at:
        raise Refused(N_("This session has ended meanwhile. Sign in again."))
    session.started_at, session.expired_at = old.started_at, old.expired_at
    auth_sessions.revoke(old_id)


def stranger(client: Client) -> Actor:
    """Whoever is not signed in yet, as the audit trail sees them."""
    return Actor(None, None, "", ip=client.ip)
