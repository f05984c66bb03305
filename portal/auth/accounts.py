"""One's own account: password, sessions, and how one likes one's pages."""

from uuid import UUID

from portal import audit
from portal.auth import passwords, service
from portal.shared.actor import Actor
from portal.shared.commands import earlier_answer, is_done
from portal.shared.database import transaction
from portal.shared.errors import N_, NotFound, Refused

CHANGED = "auth.password-changed"
PREFERENCES: dict[str, tuple[str, ...]] = {
    "language": ("en", "id"),
    "theme": ("light", "dark", "system"),
    "density": ("comfortable", "compact"),
    "shortcuts": ("on", "off"),
}


def prefer(actor: Actor, choices: dict[str, str]) -> None:
    """Keep how this person likes his pages: any of :data:`PREFERENCES`."""
    for name, value in choices.items():
        if value not in PREFERENCES.get(name, ()):
            raise Refused(N_("There is no such choice."))
    with transaction():
        _, member = service.staff.get(actor.id)
        changed = sorted(name for name, value in choices.items() if member.preferences.get(name) != value)
        if changed:
            member.preferences = {**member.preferences, **choices}
            audit.record("auth.preferences-changed", actor.auth_id, actor=actor, changed=changed)


def change_password(actor: Actor, old: str, new: str, *, command: UUID) -> None:
    """Another password, for whoever knows the present one; every other session ends."""
    if is_done(command, CHANGED, actor=actor):
        return
    passwords.require_good(new)
    account, _ = service.staff.get(actor.id)
    service.require_password(account, old, actor=actor)
    hashed = passwords.hash_password(new)
    with transaction():
        if earlier_answer(command, CHANGED, actor=actor):
            return
        service.staff.lock(actor.id).password_hash = hashed
        service.sessions.revoke_all(actor.id, but=actor.session_id)
        audit.record(CHANGED, actor.auth_id, actor=actor)


def end_session(actor: Actor, session_id: UUID, *, command: UUID) -> None:
    """End one of one's own sessions."""
    with transaction():
        if earlier_answer(command, "auth.session-ended", actor=actor):
            return
        session = service.sessions.own(session_id, actor.id)
        if session is None:
            raise NotFound(N_("This session has ended already."))
        service.sessions.revoke(session_id)
        audit.record("auth.session-ended", actor.auth_id, actor=actor, session=str(session_id))


def end_other_sessions(actor: Actor, *, command: UUID) -> None:
    """Sign out everywhere but here."""
    with transaction():
        if earlier_answer(command, "auth.other-sessions-ended", actor=actor):
            return
        service.sessions.revoke_all(actor.id, but=actor.session_id)
        audit.record("auth.other-sessions-ended", actor.auth_id, actor=actor)
