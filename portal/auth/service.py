"""Signing in and out, and the sessions between."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from limits import parse

from portal import config
from portal.audit import service as audit
from portal.auth import passwords
from portal.auth.models import Account, AuthSession, StaffMember, StaffToken
from portal.auth.repository import SessionRepository, StaffRepository
from portal.permissions import GRANTS, Role
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.crypto import new_id, new_token, token_hash
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused, Throttled
from portal.shared.throttle import Throttle
from portal.shared.vocabulary import Activity

IDLE = timedelta(minutes=15)
IDLE_WARNING = timedelta(minutes=2)
LIFETIME = timedelta(hours=12)
FRESH = timedelta(minutes=10)
LINK_LIFETIME = timedelta(hours=24)
DEMO_HOST = "@portal.example"

PER_ACCOUNT_AND_ADDRESS = parse("10 per 5 minutes")
PER_ACCOUNT = parse("50 per 5 minutes")
PER_ADDRESS = parse("100 per 5 minutes")

PREFERENCES: dict[str, tuple[str, ...]] = {
    "language": ("en", "id"),
    "theme": ("light", "dark", "system"),
    "density": ("comfortable", "compact"),
    "shortcuts": ("on", "off"),
}

sessions = SessionRepository(db.session)
staff = StaffRepository(db.session)
throttle = Throttle(lambda: db.engine)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A living session: who it is, and how he likes his pages."""

    actor: Actor
    is_fresh: bool
    preferences: dict[str, Any]


def fold(email: str) -> str:
    """The one spelling under which an e-mail address is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def sign_in(email: str, password: str, *, client: Client) -> str:
    """The token of a new session; one refusal, and one duration, for every way to fail."""
    email = fold(email)
    _count_try(email, client)
    found = staff.by_email(email)
    account, member = found or (None, None)
    is_right = passwords.is_right(account.password_hash if account else None, password)
    if not (is_right and account and member and _may_enter(account, member)):
        audit.note("auth.sign-in-failed", account.auth_id if account else None, actor=_stranger(client))
        raise Refused(N_("The email or password is not right."))
    _forgive(email, client)
    renewed = passwords.hash_password(password) if passwords.needs_rehash(account.password_hash or "") else None
    return _open_session(account, member, client, action="auth.signed-in", renewed_hash=renewed)


def confirm(actor: Actor, password: str, *, client: Client) -> str:
    """A new token after the password was given once more, for what asks for a fresh sign-in."""
    account, member = staff.get(actor.id)
    _count_try(account.email, client)
    if not passwords.is_right(account.password_hash, password):
        audit.note("auth.confirm-failed", account.auth_id, actor=actor)
        raise Refused(N_("The password is not right."))
    _forgive(account.email, client)
    return _open_session(account, member, client, action="auth.confirmed", instead_of=actor.session_id)


def sign_out(actor: Actor) -> None:
    """End this session and its family."""
    with transaction():
        if actor.session_id:
            sessions.revoke(actor.session_id)
        audit.record("auth.signed-out", actor.auth_id, actor=actor)


def resolve(token: str, *, is_activity: bool, ip: str | None) -> Resolved | None:
    """Who holds this token, when its session is alive; an activity keeps it so."""
    row = sessions.resolve(token_hash=token_hash(token), idle=IDLE, fresh=FRESH, is_activity=is_activity)
    if row is None:
        return None
    role = Role(row.role)
    actor = Actor(row.auth_id, role, row.display_name, GRANTS[role], row.id, ip)
    return Resolved(actor, row.is_fresh, row.preferences)


def went_idle(token: str) -> bool:
    """Whether this token's session ended only because nobody used it."""
    return sessions.is_idle(token_hash=token_hash(token), idle=IDLE)


def require_ready() -> None:
    """Raise when Postgres does not answer, so that nobody types a password in vain."""
    staff.is_reachable()


def prefer(actor: Actor, choices: dict[str, str]) -> None:
    """Keep how this person likes his pages: any of :data:`PREFERENCES`."""
    for name, value in choices.items():
        if value not in PREFERENCES.get(name, ()):
            raise Refused(N_("There is no such choice."))
    with transaction():
        _, member = staff.get(actor.id)
        member.preferences = {**member.preferences, **choices}
        audit.record("auth.preferences-changed", actor.auth_id, actor=actor, changed=sorted(choices))


def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """Display names of staff, in one query."""
    return staff.names(list(ids)) if ids else {}


def invite(email: str, *, role: Role, name: str) -> str:
    """Add a member of staff and return the token of his one-time link, good for 24 hours."""
    email = fold(email)
    _require_no_demo_account(email)
    with transaction():
        account = staff.account(email)
        if account and staff.by_email(email):
            raise Conflict(N_("This person is a member of staff already."))
        if account is None:
            account = Account(email=email, status=Activity.ACTIVE)
            staff.add(account)
        token = new_token()
        staff.add(
            StaffMember(auth_id=account.auth_id, role=role, display_name=name),
            StaffToken(token_hash=token_hash(token), auth_id=account.auth_id, expires_at=clock.now() + LINK_LIFETIME),
        )
        audit.record("staff.invited", account.auth_id, actor=PORTAL, role=role)
    return token


def link_to(token: str) -> str:
    """The address of a one-time link."""
    return f"{config.current().public_url}/login/token/{token}"


def require_link(token: str) -> None:
    """Raise unless the one-time link is still good."""
    if staff.token(token_hash(token)) is None:
        raise NotFound(N_("This link was used already or is too old. Ask your administrator for a new one."))


def set_password(token: str, password: str, *, client: Client) -> None:
    """Use up a one-time link: the account gets this password, and whoever was signed in with another is out."""
    passwords.require_good(password)
    hashed = passwords.hash_password(password)
    with transaction():
        link = staff.token(token_hash(token))
        if link is None:
            raise NotFound(N_("This link was used already or is too old. Ask your administrator for a new one."))
        link.used_at = clock.now()
        account, _ = staff.get(link.auth_id)
        account.password_hash = hashed
        sessions.revoke_all(account.auth_id)
        audit.record("auth.password-set", account.auth_id, actor=_stranger(client))


def _count_try(email: str, client: Client) -> None:
    """Count before the hash, so that parallel guesses count too."""
    account, address = _throttle_key(email), client.ip or "-"
    seconds = throttle.seconds_to_wait(
        (PER_ACCOUNT_AND_ADDRESS, f"sign-in:{account}:{address}"),
        (PER_ACCOUNT, f"sign-in:{account}"),
        (PER_ADDRESS, f"sign-in:@{address}"),
    )
    if seconds:
        raise Throttled(
            N_("Too many tries. Try again in %(seconds)s seconds, or ask an administrator."), seconds=seconds
        )


def _forgive(email: str, client: Client) -> None:
    account = _throttle_key(email)
    throttle.forgive(PER_ACCOUNT_AND_ADDRESS, f"sign-in:{account}:{client.ip or '-'}")
    throttle.forgive(PER_ACCOUNT, f"sign-in:{account}")


def _throttle_key(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def _may_enter(account: Account, member: StaffMember) -> bool:
    is_allowed = config.current().is_demo or not account.email.endswith(DEMO_HOST)
    return account.status is Activity.ACTIVE and member.deactivated_at is None and is_allowed


def _require_no_demo_account(email: str) -> None:
    if email.endswith(DEMO_HOST) and not config.current().is_demo:
        raise Refused(N_("Addresses at portal.example are for demo data only."))


def _open_session(
    account: Account,
    member: StaffMember,
    client: Client,
    *,
    action: str,
    instead_of: UUID | None = None,
    renewed_hash: str | None = None,
) -> str:
    token = new_token()
    with transaction():
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
        if renewed_hash:
            account.password_hash = renewed_hash
        actor = Actor(account.auth_id, member.role, member.display_name, GRANTS[member.role], session.id, client.ip)
        audit.record(action, account.auth_id, actor=actor)
    return token


def _carry_over(session: AuthSession, old_id: UUID) -> None:
    """A confirmed session keeps the absolute end of the one it replaces."""
    old = sessions.get(old_id)
    if old.revoked_at:
        raise Refused(N_("This session has ended meanwhile. Sign in again."))
    session.started_at, session.expired_at = old.started_at, old.expired_at
    sessions.revoke(old_id)


def _stranger(client: Client) -> Actor:
    return Actor(None, None, "", ip=client.ip)
