"""Coming in: invitations, and one-time links for a first or new password."""

from datetime import timedelta
from uuid import UUID

from portal import audit, config
from portal.auth import passwords
from portal.auth.models import Account, StaffToken
from portal.auth.repository import accounts, auth_sessions, credentials, staff_tokens
from portal.auth.sessions import Client, PasswordAnswers, fold, stranger
from portal.permissions import Role
from portal.shared.actor import PORTAL, Actor
from portal.shared.crypto import new_token, token_hash
from portal.shared.database import require_transaction, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused

LIFETIME = timedelta(hours=24)


def invite(email: str, *, role: Role, name: str) -> str:
    """Add a member of staff and return the token of their one-time link, good for 24 hours."""
    with transaction():
        return admit(email, role=role, name=name, actor=PORTAL)[1]


def admit(email: str, *, role: Role, name: str, actor: Actor) -> tuple[UUID, str]:
    """Add a member of staff in the caller's transaction: their id, and the token of their one-time link."""
    require_transaction()
    account = accounts.made_for(fold(email))
    if account.is_of_demo and not config.current().is_demo:
        raise Refused(N_("Addresses at portal.example are for demo data only."))
    if not accounts.add_member(account.auth_id, role=role, display_name=name, created_by=actor.auth_id):
        raise Conflict(N_("This person is a member of staff already."))
    # What somebody chose as a customer opens nothing here: only the link does.
    account.password_hash, account.is_biometric_enabled = None, False
    audit.record("staff.invited", account.auth_id, actor=actor, role=role)
    return account.auth_id, issue_link(account.auth_id)


def issue_link(auth_id: UUID) -> str:
    """The token of a new one-time link, in the caller's transaction; no earlier link opens anything any more."""
    staff_tokens.use_up(auth_id)
    return _add_link(auth_id)


def issue_another_link(auth_id: UUID) -> str | None:
    """One more way to the same end, in the caller's transaction; None once the earlier link was used or is too old."""
    require_transaction()
    return _add_link(auth_id) if staff_tokens.good_of(auth_id) else None


def link_to(token: str) -> str:
    """The address of a one-time link."""
    return f"{config.current().public_url}/login/token/{token}"


def require_link(token: str) -> None:
    """Raise unless the one-time link is still good."""
    _good(token)


def set_password(token: str, answers: PasswordAnswers, *, client: Client) -> None:
    """Use up a one-time link: the account gets this password and no passkey, and whoever was signed in is out."""
    with answers.judged() as wrong:
        wrong.unless(answers.password, "password", N_("Choose a password"))
    passwords.require_good(answers.password)
    hashed = passwords.hash_password(answers.password)
    with transaction():
        auth_id = _good(token).auth_id
        staff_tokens.use_up(auth_id)
        lock_out(auth_id).password_hash = hashed
        audit.record("auth.password-set", auth_id, actor=stranger(client))


def lock_out(auth_id: UUID) -> Account:
    """From now on nothing opens the account but a one-time link, in the caller's transaction; returns it, locked."""
    require_transaction()
    account = accounts.lock(auth_id)
    account.password_hash, account.is_biometric_enabled = None, False
    credentials.remove_all(auth_id)
    auth_sessions.revoke_all(auth_id)
    return account


def _good(token: str) -> StaffToken:
    link = staff_tokens.good(token_hash(token))
    if link is None:
        raise NotFound(N_("This link was used already or is too old. Ask your administrator for a new one."))
    return link


def _add_link(auth_id: UUID) -> str:
    token = new_token()
    staff_tokens.add(token_hash(token), auth_id, LIFETIME)
    return token
