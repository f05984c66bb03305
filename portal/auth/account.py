"""One's own account: password, sessions, and how one likes one's pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from portal import audit
from portal.auth import passwords
from portal.auth.models import AuthSession, Passkey
from portal.auth.passkeys import may_remove
from portal.auth.repository import accounts, auth_sessions, credentials
from portal.auth.sessions import PasswordAnswers, judge_typed, list_sessions, require_password
from portal.shared.actor import Actor
from portal.shared.commands import is_done, once
from portal.shared.database import transaction
from portal.shared.errors import N_, NotFound, Refused

CHANGED = "auth.password-changed"
PREFERENCES: dict[str, tuple[str, ...]] = {
    "language": ("en", "id"),
    "theme": ("light", "dark", "system"),
    "density": ("comfortable", "compact"),
    "shortcuts": ("on", "off"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnswers(PasswordAnswers):
    """The present password and the next one."""

    old: str = field(default="", repr=False)


class AccountPage(NamedTuple):
    """One's passkeys, the oldest first, whether one of them may be removed, and where one is signed in."""

    passkeys: Sequence[Passkey]
    may_remove: bool
    sessions: Sequence[AuthSession]


def show(actor: Actor) -> AccountPage:
    keys = credentials.of(actor.id)
    return AccountPage(keys, may_remove(len(keys)), list_sessions(actor.id))


def prefer(choices: dict[str, str], *, actor: Actor) -> None:
    """Keep how this person likes their pages: any of :data:`PREFERENCES`."""
    for name, value in choices.items():
        if value not in PREFERENCES.get(name, ()):
            raise Refused(N_("There is no such choice."))
    with transaction():
        _, member = accounts.get(actor.id)
        changed = sorted(name for name, value in choices.items() if member.preferences.get(name) != value)
        if changed:
            member.preferences = {**member.preferences, **choices}
            audit.record("auth.preferences-changed", actor.auth_id, actor=actor, changed=changed)


def change_password(answers: ChangeAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Another password, for whoever knows the present one; every other session ends."""
    if by and is_done(by, CHANGED, actor=actor):
        return
    with answers.judged() as wrong:
        judge_typed(answers.old, "old", wrong)
        wrong.unless(answers.password, "password", N_("Choose a password"))
    passwords.require_good(answers.password)
    account, _ = accounts.get(actor.id)
    require_password(account, answers.old, "old", actor=actor)
    hashed = passwords.hash_password(answers.password)
    with transaction(), once(by, CHANGED, actor) as earlier:
        if earlier:
            return
        accounts.lock(actor.id).password_hash = hashed
        auth_sessions.revoke_all(actor.id, but=actor.session_id)
        audit.record(CHANGED, actor.auth_id, actor=actor)


def end_session(session_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """End one of one's own sessions."""
    with transaction(), once(by, "auth.session-ended", actor) as earlier:
        if earlier:
            return
        if not auth_sessions.revoke(session_id, of=actor.id):
            raise NotFound(N_("This session has ended already."))
        audit.record("auth.session-ended", actor.auth_id, actor=actor, session=str(session_id))


def end_other_sessions(*, by: UUID | None, actor: Actor) -> None:
    """Sign out everywhere but here."""
    with transaction(), once(by, "auth.other-sessions-ended", actor) as earlier:
        if earlier:
            return
        auth_sessions.revoke_all(actor.id, but=actor.session_id)
        audit.record("auth.other-sessions-ended", actor.auth_id, actor=actor)
