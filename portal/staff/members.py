"""Looking after the staff: who comes in, in which role, and who is out.

Never oneself, so that never the last administrator: whoever acts is one, and remains one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from procrastinate import RetryStrategy

from portal import audit, auth
from portal.auth import AuthSession, StaffMember
from portal.permissions import Role
from portal.shared import clock, jobs, mail
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.crypto import new_id
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Problems, Refused
from portal.shared.fields import Rule
from portal.shared.lists import Listing
from portal.shared.vocabulary import Activity
from portal.staff.mails import MAILS, WITH_LINK
from portal.staff.repository import members

EMAIL = re.compile(r"[^@\s\"<>,;:]{1,64}@[^@\s\"<>,;:]+\.[^@\s\"<>,;:]{2,}")
MAX_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnswers(Answers):
    """What every form about one member says."""

    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAnswers(MemberAnswers):
    """Another role."""

    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteAnswers(Answers):
    """Somebody new."""

    name: str = ""
    email: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of staff, with what is known of their account."""

    auth_id: UUID
    display_name: str
    role: Role
    created_at: datetime
    deactivated_at: datetime | None
    version: int
    email: str
    status: Activity
    has_password: bool

    @property
    def access(self) -> Activity:
        """Whether they may sign in."""
        return Activity.INACTIVE if self.deactivated_at else self.status


class MemberPage(NamedTuple):
    """A member of staff, their living sessions, and how many passkeys they have."""

    member: MemberRow
    sessions: Sequence[AuthSession]
    passkeys: int


class _Access(Rule):
    """Who is signed in now is a matter of when they last did something."""

    def parameters(self, value: Any) -> dict[str, Any]:
        return {"idle": auth.IDLE}


STAFF: Listing[MemberRow] = Listing(
    *members.COLUMNS,
    key=(StaffMember.created_at, StaffMember.auth_id),
    joined=members.joined,
    fields=[
        _Access(
            name="access",
            label=N_("Access"),
            among={"active": N_("May sign in"), "invited": N_("Link sent"), "signed-in": N_("Signed in now")},
            rules=members.ACCESS,
        )
    ],
    shown=lambda rows, actor: [MemberRow(*row) for row in rows],
)


def show(auth_id: UUID) -> MemberPage:
    """Raises :class:`NotFound` for whoever is no member of staff."""
    found = members.find(auth_id)
    if found is None:
        raise NotFound(N_("There is no such member of staff."))
    return MemberPage(MemberRow(*found), auth.list_sessions(auth_id), len(auth.passkeys_of(auth_id)))


def invite(answers: InviteAnswers, *, by: UUID | None, actor: Actor) -> tuple[UUID, str | None]:
    """Add a member of staff: their id and their one-time link, which nobody gets a second time."""
    with transaction(), once(by, "staff.invited", actor) as earlier:
        if earlier and earlier.location:
            return earlier.location, None
        with answers.judged() as wrong:
            wrong.unless_fits(
                answers.name, "name", least=1, most=MAX_LENGTH, message=N_("Enter the name colleagues see.")
            )
            wrong.unless_fits(answers.email, "email", least=1, most=MAX_LENGTH, message=N_("Enter the email address."))
            is_address = EMAIL.fullmatch(auth.fold(answers.email))
            wrong.unless(is_address, "email", N_("Write the address like name@company.example."))
            _judge_role(answers.role, wrong)
        auth_id, token = auth.admit(answers.email, role=Role(answers.role), name=answers.name, actor=actor)
        remember(by, auth_id)
        _mail(auth_id, "invited")
        return auth_id, auth.link_to(token)


def change_role(auth_id: UUID, answers: RoleAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Give another role; it is in force with the person's next click, since each click reads it."""
    with transaction(), once(by, "staff.role-changed", actor) as earlier:
        if earlier:
            return
        member = _locked(auth_id, answers, actor)
        with answers.judged() as wrong:
            _judge_role(answers.role, wrong)
            wrong.unless(
                answers.role != member.role, "role", N_("This person has that role already. Choose another one.")
            )
        before, member.role = member.role, Role(answers.role)
        auth.renew_tokens_of(auth_id)
        _done(member, "role-changed", by, actor, before=before, after=member.role)


def deactivate(auth_id: UUID, answers: MemberAnswers, *, by: UUID | None, actor: Actor) -> None:
    """End the person's access and all their sessions."""
    with transaction(), once(by, "staff.deactivated", actor) as earlier:
        if earlier:
            return
        with answers.judged():
            member = _locked(auth_id, answers, actor)
            if member.deactivated_at:
                raise Conflict(N_("This person has no access already."))
        member.deactivated_at = clock.now()
        auth.end_sessions_of(auth_id)
        auth.use_up_links(auth_id)
        _done(member, "deactivated", by, actor)


def activate(auth_id: UUID, answers: MemberAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Give the person their access back."""
    with transaction(), once(by, "staff.activated", actor) as earlier:
        if earlier:
            return
        with answers.judged():
            member = _locked(auth_id, answers, actor)
            if member.deactivated_at is None:
                raise Conflict(N_("This person has access already."))
        member.deactivated_at = None
        _done(member, "activated", by, actor)


def reset(auth_id: UUID, answers: MemberAnswers, *, by: UUID | None, actor: Actor) -> str | None:
    """Take password, passkeys and sessions away; the one-time link that leads in again, once, or None."""
    with transaction(), once(by, "staff.reset", actor) as earlier:
        if earlier:
            return None
        with answers.judged():
            member = _locked(auth_id, answers, actor)
            if member.deactivated_at:
                raise Refused(N_("This person has no access. Give it back first."))
        auth.lock_out(auth_id)
        token = auth.issue_link(auth_id)
        _done(member, "reset", by, actor)
        return auth.link_to(token)


def end_sessions(auth_id: UUID, answers: MemberAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Sign the person out everywhere."""
    with transaction(), once(by, "staff.sessions-ended", actor) as earlier:
        if earlier:
            return
        with answers.judged():
            member = _locked(auth_id, answers, actor)
        auth.end_sessions_of(auth_id)
        _done(member, "sessions-ended", by, actor)


def _locked(auth_id: UUID, answers: MemberAnswers, actor: Actor) -> StaffMember:
    """The member, locked, when ``actor`` may change them; the administrators first, in one order for everybody."""
    if actor.auth_id not in members.lock_admins():
        raise Forbidden(N_("You are no administrator any more."))
    if auth_id == actor.auth_id:
        raise Refused(N_("You cannot change your own access. Ask another administrator."))
    member = members.lock(auth_id)
    if member is None:
        raise NotFound(N_("There is no such member of staff."))
    if answers.version not in {None, member.version}:
        raise Conflict(N_("Somebody changed this person meanwhile. Look at how it stands now."))
    return member


def _judge_role(role: str, wrong: Problems) -> None:
    wrong.unless(role in [*Role], "role", N_("Choose one of the roles."))


def _done(member: StaffMember, word: str, by: UUID | None, actor: Actor, **details: Any) -> None:
    member.version += 1
    audit.record(f"staff.{word}", member.auth_id, actor=actor, **details)
    remember(by, member.auth_id)
    _mail(member.auth_id, word)


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
