"""Looking after the staff: who comes in, in which role, and who is out. Never oneself, never the last administrator."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from procrastinate import RetryStrategy

from portal import audit, auth
from portal.auth import StaffMember
from portal.permissions import Role
from portal.shared import clock, jobs, mail
from portal.shared.actor import Actor
from portal.shared.commands import earlier_answer, remember
from portal.shared.crypto import new_id
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused
from portal.shared.pagination import Cursor, Page, Slice
from portal.staff.mails import MAILS, WITH_LINK
from portal.staff.repository import ACCESS as ACCESS
from portal.staff.repository import StaffDirectory

directory = StaffDirectory(db.session)


def browse(part: Slice, access: str = "") -> Page[Any]:
    """A page of the staff, newest first: all, or those with an access of :data:`ACCESS`."""
    rows = directory.page(access, auth.IDLE, part)
    return Page.of(rows, part, lambda row: Cursor(row.created_at, row.auth_id))


def show(auth_id: UUID) -> tuple[Any, Sequence[Any], int]:
    """A member of staff, their living sessions, and how many passkeys they have."""
    member = directory.find(auth_id)
    if member is None:
        raise NotFound(N_("There is no such member of staff."))
    return member, auth.list_sessions(auth_id), auth.count_passkeys(auth_id)


def invite(email: str, *, name: str, role: Role, command: UUID, actor: Actor) -> tuple[UUID, str | None]:
    """Add a member of staff: his id and his one-time link, which nobody gets a second time."""
    with transaction():
        if (answer := earlier_answer(command, "staff.invited", actor=actor)) and answer.location:
            return answer.location, None
        auth_id, token = auth.admit(email, role=role, name=name, actor=actor)
        remember(command, auth_id)
        _mail(auth_id, "invited")
    return auth_id, auth.link_to(token)


def change_role(auth_id: UUID, role: Role, *, version: int, command: UUID, actor: Actor) -> None:
    """Give another role; it is in force with the person's next click, since each click reads it."""

    def change(member: StaffMember) -> dict[str, Any]:
        if member.role is role:
            raise Refused(N_("This person has that role already. Choose another one."))
        before, member.role = member.role, role
        auth.renew_tokens_of(auth_id)
        return {"before": before, "after": role}

    _change(auth_id, "role-changed", change, version=version, command=command, actor=actor)


def deactivate(auth_id: UUID, *, version: int, command: UUID, actor: Actor) -> None:
    """End the person's access and all his sessions."""

    def change(member: StaffMember) -> dict[str, Any]:
        if member.deactivated_at:
            raise Conflict(N_("This person has no access already."))
        member.deactivated_at = clock.now()
        auth.end_sessions_of(auth_id)
        auth.use_up_links(auth_id)
        return {}

    _change(auth_id, "deactivated", change, version=version, command=command, actor=actor)


def activate(auth_id: UUID, *, version: int, command: UUID, actor: Actor) -> None:
    """Give the person his access back."""

    def change(member: StaffMember) -> dict[str, Any]:
        if member.deactivated_at is None:
            raise Conflict(N_("This person has access already."))
        member.deactivated_at = None
        return {}

    _change(auth_id, "activated", change, version=version, command=command, actor=actor)


def reset(auth_id: UUID, *, version: int, command: UUID, actor: Actor) -> str | None:
    """Take password, passkeys and sessions away; the one-time link that leads in again, once, or None."""

    tokens: list[str] = []

    def change(member: StaffMember) -> dict[str, Any]:
        if member.deactivated_at:
            raise Refused(N_("This person has no access. Give it back first."))
        auth.lock_out(auth_id)
        tokens.append(auth.issue_link(auth_id))
        return {}

    _change(auth_id, "reset", change, version=version, command=command, actor=actor)
    return auth.link_to(tokens[0]) if tokens else None


def end_sessions(auth_id: UUID, *, version: int, command: UUID, actor: Actor) -> None:
    """Sign the person out everywhere."""

    def change(member: StaffMember) -> dict[str, Any]:
        auth.end_sessions_of(auth_id)
        return {}

    _change(auth_id, "sessions-ended", change, version=version, command=command, actor=actor)


def _change(
    auth_id: UUID,
    word: str,
    change: Callable[[StaffMember], dict[str, Any]],
    *,
    version: int,
    command: UUID,
    actor: Actor,
) -> None:
    """One guarded change with its event and its mail; the administrators are held first, in one order for everybody."""
    action = f"staff.{word}"
    with transaction():
        if earlier_answer(command, action, actor=actor):
            return
        admins = directory.lock_admins()
        if actor.auth_id not in admins:
            raise Forbidden(N_("You are no administrator any more."))
        if auth_id == actor.auth_id:
            raise Refused(N_("You cannot change your own access. Ask another administrator."))
        member = directory.lock(auth_id)
        if member is None:
            raise NotFound(N_("There is no such member of staff."))
        if member.version != version:
            raise Conflict(N_("Somebody changed this person meanwhile. Look at how it stands now."))
        details = change(member)
        _require_an_admin(admins, member)
        member.version += 1
        audit.record(action, auth_id, actor=actor, **details)
        remember(command, auth_id)
        _mail(auth_id, word)


def _require_an_admin(admins: list[UUID], member: StaffMember) -> None:
    remains = member.role is Role.ADMIN and member.deactivated_at is None
    if admins == [member.auth_id] and not remains:
        raise Refused(N_("This is the last administrator. Make somebody else administrator first."))


def _mail(auth_id: UUID, word: str) -> None:
    """Have the person written to once all this stands."""
    jobs.defer(write_to, key=new_id(), auth_id=str(auth_id), word=word)


@jobs.queue.task(name="staff.mail", retry=RetryStrategy(max_attempts=10, exponential_wait=3))
def write_to(*, auth_id: str, word: str) -> None:
    """Mail the person, for a day at most. A link is made here, so that no job ever holds one."""
    with transaction():
        account, member = auth.account_of(UUID(auth_id))
        token = auth.issue_another_link(account.auth_id) if word in WITH_LINK else ""
        subject, text = MAILS[word]["id" if member.preferences.get("language") == "id" else "en"]
    if token is not None:  # else the person is in already, by the link that was handed over
        mail.send(account.email, subject, text.format(name=member.display_name, link=token and auth.link_to(token)))
