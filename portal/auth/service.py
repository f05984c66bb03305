"""Signing in and out, and the sessions between."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal import audit, config
from portal.auth import passwords, tries
from portal.auth.models import Account, AuthSession, StaffMember, StaffToken
from portal.auth.repository import PasskeyRepository, SessionRepository, StaffRepository
from portal.permissions import GRANTS, Role
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.crypto import new_id, new_token, token_hash
from portal.shared.database import db, require_transaction, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.vocabulary import Activity

IDLE = timedelta(minutes=15)
IDLE_WARNING = timedelta(minutes=2)
ROTATION = timedelta(minutes=15)
GRACE = timedelta(seconds=30)
LIFETIME = timedelta(hours=12)
FRESH = timedelta(minutes=10)
LINK_LIFETIME = timedelta(hours=24)
DEMO_HOST = "@portal.example"

sessions = SessionRepository(db.session)
staff = StaffRepository(db.session)
passkeys = PasskeyRepository(db.session)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A living session: who it is, and how he likes his pages.

    ``must_register`` until he has a passkey. ``new_token`` is what his browser should keep from now on.
    """

    actor: Actor
    is_fresh: bool
    must_register: bool
    preferences: dict[str, Any]
    new_token: str | None


def fold(email: str) -> str:
    """The one spelling under which an e-mail address is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def sign_in(email: str, password: str, *, client: Client) -> str:
    """The token of a new session; one refusal, and one duration, for every way to fail."""
    email = fold(email)
    tries.count(email, client.ip)
    found = staff.by_email(email)
    account, member = found or (None, None)
    is_right = passwords.is_right(account.password_hash if account else None, password)
    if not (is_right and account and member and may_enter(account, member) and _password_is_enough(account)):
        audit.note("auth.sign-in-failed", account.auth_id if account else None, actor=stranger(client))
        raise Refused(N_("The email or password is not right."))
    tries.forgive(email, client.ip)
    renewed = passwords.hash_password(password) if passwords.needs_rehash(account.password_hash or "") else None
    with transaction():
        if renewed:
            account.password_hash = renewed
        return open_session(account, member, client, action="auth.signed-in")


def confirm(actor: Actor, password: str, *, client: Client) -> str:
    """A new token after the password was given once more, for what asks for a fresh sign-in."""
    account, member = staff.get(actor.id)
    require_password(account, password, actor=actor)
    with transaction():
        return open_session(account, member, client, action="auth.confirmed", instead_of=actor.session_id)


def require_password(account: Account, password: str, *, actor: Actor) -> None:
    """Raise unless it is the password of whoever is signed in; tries count as those of signing in."""
    tries.count(account.email, actor.ip)
    if not passwords.is_right(account.password_hash, password):
        audit.note("auth.confirm-failed", account.auth_id, actor=actor)
        raise Refused(N_("The password is not right."))
    tries.forgive(account.email, actor.ip)


def sign_out(actor: Actor) -> None:
    """End this session and its family."""
    with transaction():
        if actor.session_id:
            sessions.revoke(actor.session_id)
        audit.record("auth.signed-out", actor.auth_id, actor=actor)


def resolve(token: str, *, is_activity: bool, ip: str | None) -> Resolved | None:
    """Who holds this token, when its session is alive; an activity keeps it so, and replaces a token that is due."""
    hashed = token_hash(token)
    row = sessions.resolve(token_hash=hashed, idle=IDLE, fresh=FRESH, grace=GRACE, is_activity=is_activity)
    if row is None:
        _end_if_replayed(hashed, ip)
        return None
    role = Role(row.role)
    return Resolved(
        actor=Actor(row.auth_id, role, row.display_name, GRANTS[role], row.id, ip),
        is_fresh=row.is_fresh,
        must_register=not (row.is_biometric_enabled or config.current().is_demo),
        preferences=row.preferences,
        new_token=_rotate(hashed) if row.is_due and is_activity else None,
    )


def _rotate(hashed: str) -> str | None:
    token = new_token()
    is_mine = sessions.rotate(token_hash=hashed, new_hash=token_hash(token), rotation=ROTATION)
    return token if is_mine else None


def _end_if_replayed(hashed: str, ip: str | None) -> None:
    """A token that was replaced long ago is in other hands, or its successor is: nobody keeps the session."""
    with transaction():
        if found := sessions.stale(token_hash=hashed, grace=GRACE):
            sessions.revoke(found.id)
            audit.record("auth.token-reused", found.auth_id, actor=Actor(None, None, "", session_id=found.id, ip=ip))


def went_idle(token: str) -> bool:
    """Whether this token's session ended only because nobody used it."""
    return sessions.is_idle(token_hash=token_hash(token), idle=IDLE)


def require_ready() -> None:
    """Raise when Postgres does not answer, so that nobody types a password in vain."""
    staff.is_reachable()


@audit.actor_names.listen
def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """Display names of staff, in one query."""
    return staff.names(list(ids)) if ids else {}


def account_of(auth_id: UUID) -> tuple[Account, StaffMember]:
    """The account and the place among the staff of somebody who has one."""
    return staff.get(auth_id)


def count_passkeys(auth_id: UUID) -> int:
    """How many passkeys an account has."""
    return len(passkeys.of(auth_id))


def list_sessions(auth_id: UUID) -> Sequence[Any]:
    """The living sessions of an account, the last used first."""
    return sessions.living(auth_id, IDLE)


def end_sessions_of(auth_id: UUID) -> None:
    """Sign an account out everywhere, in the caller's transaction."""
    require_transaction()
    sessions.revoke_all(auth_id)


def renew_tokens_of(auth_id: UUID) -> None:
    """Have each session of an account get a new token with its next click, in the caller's transaction."""
    require_transaction()
    sessions.renew(auth_id)


def issue_link(auth_id: UUID) -> str:
    """The token of a new one-time link, in the caller's transaction; no earlier link opens anything any more."""
    require_transaction()
    staff.use_up_tokens(auth_id)
    return _add_link(auth_id)


def use_up_links(auth_id: UUID) -> None:
    """No earlier one-time link opens anything any more, in the caller's transaction."""
    require_transaction()
    staff.use_up_tokens(auth_id)


def issue_another_link(auth_id: UUID) -> str | None:
    """One more way to the same end, in the caller's transaction; None once the earlier link was used or is too old."""
    require_transaction()
    if not staff.has_token(auth_id):
        return None
    return _add_link(auth_id)


def _add_link(auth_id: UUID) -> str:
    token = new_token()
    staff.add(StaffToken(token_hash=token_hash(token), auth_id=auth_id, expires_at=clock.now() + LINK_LIFETIME))
    return token


def invite(email: str, *, role: Role, name: str) -> str:
    """Add a member of staff and return the token of his one-time link, good for 24 hours."""
    with transaction():
        return admit(email, role=role, name=name, actor=PORTAL)[1]


def admit(email: str, *, role: Role, name: str, actor: Actor) -> tuple[UUID, str]:
    """Add a member of staff in the caller's transaction: his id, and the token of his one-time link."""
    require_transaction()
    email = fold(email)
    if email.endswith(DEMO_HOST) and not config.current().is_demo:
        raise Refused(N_("Addresses at portal.example are for demo data only."))
    account = staff.account(email)
    if not staff.add_member(account.auth_id, role=role, display_name=name, created_by=actor.auth_id):
        raise Conflict(N_("This person is a member of staff already."))
    # What somebody chose as a customer opens nothing here: only the link does.
    account.password_hash, account.is_biometric_enabled = None, False
    audit.record("staff.invited", account.auth_id, actor=actor, role=role)
    return account.auth_id, issue_link(account.auth_id)


def link_to(token: str) -> str:
    """The address of a one-time link."""
    return f"{config.current().public_url}/login/token/{token}"


def require_link(token: str) -> None:
    """Raise unless the one-time link is still good."""
    if staff.token(token_hash(token)) is None:
        raise NotFound(N_("This link was used already or is too old. Ask your administrator for a new one."))


def set_password(token: str, password: str, *, client: Client) -> None:
    """Use up a one-time link: the account gets this password and no passkey, and whoever was signed in is out."""
    passwords.require_good(password)
    hashed = passwords.hash_password(password)
    with transaction():
        link = staff.token(token_hash(token))
        if link is None:
            raise NotFound(N_("This link was used already or is too old. Ask your administrator for a new one."))
        staff.use_up_tokens(link.auth_id)
        account = lock_out(link.auth_id)
        account.password_hash = hashed
        audit.record("auth.password-set", account.auth_id, actor=stranger(client))


def lock_out(auth_id: UUID) -> Account:
    """From now on nothing opens the account but a one-time link, in the caller's transaction; returns it, locked."""
    require_transaction()
    account = staff.lock(auth_id)
    account.password_hash, account.is_biometric_enabled = None, False
    passkeys.remove_all(account.auth_id)
    sessions.revoke_all(account.auth_id)
    return account


def may_enter(account: Account, member: StaffMember) -> bool:
    """Whether this account has a place in the portal now."""
    is_allowed = config.current().is_demo or not account.email.endswith(DEMO_HOST)
    return account.status is Activity.ACTIVE and member.deactivated_at is None and is_allowed


def _password_is_enough(account: Account) -> bool:
    return config.current().is_demo or not account.is_biometric_enabled


def open_session(
    account: Account,
    member: StaffMember,
    client: Client,
    *,
    action: str,
    instead_of: UUID | None = None,
    **details: Any,
) -> str:
    """The token of a new session, in the caller's transaction."""
    token = new_token()
    session = AuthSession(
        id=new_id(),
        auth_id=account.auth_id,
        refresh_token=token_hash(token),
        user_agent=client.user_agent[:500],
        ip=client.ip,
    )
    session.family_id = session.id
    sessions.add(session, lifetime=LIFETIME)
    if instead_of:
        _carry_over(session, instead_of)
    actor = Actor(account.auth_id, member.role, member.display_name, GRANTS[member.role], session.id, client.ip)
    audit.record(action, account.auth_id, actor=actor, **details)
    return token


def _carry_over(session: AuthSession, old_id: UUID) -> None:
    """A confirmed session keeps the absolute end of the one it replaces."""
    old = sessions.get(old_id)
    if old.revoked_at:
        raise Refused(N_("This session has ended meanwhile. Sign in again."))
    session.started_at, session.expired_at = old.started_at, old.expired_at
    sessions.revoke(old_id)


def stranger(client: Client) -> Actor:
    """Whoever is not signed in yet, as the audit trail sees him."""
    return Actor(None, None, "", ip=client.ip)
