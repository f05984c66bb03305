"""The list of the staff, a member's page, and what is done about them there."""

from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.permissions import Permission
from portal.staff import members
from portal.staff.members import InviteAnswers, MemberAnswers, RoleAnswers
from portal.staff.views import bp
from portal.staff.views.forms import InviteForm, MemberForm, RoleForm
from portal.web.access import current_actor, requires, signed_in
from portal.web.commands import Sent, command, read, shown
from portal.web.lists import list_page, show_list
from portal.web.render import render


def new_page(*, sent: Sent | None = None) -> Response:
    return render("staff/new.html", sent=sent, form=shown(InviteForm, sent))


def member_page(auth_id: UUID, *, sent: Sent | None = None) -> Response:
    page = members.show(auth_id)
    return render(
        "staff/show.html",
        sent=sent,
        **page._asdict(),
        form=shown(RoleForm, sent, role=page.member.role, version=page.member.version),
        is_self=auth_id == current_actor().id,
        is_fresh=signed_in().is_fresh,
    )


def _done(auth_id: UUID, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for(".show", auth_id=auth_id), 303)


def _link_page(auth_id: UUID, link: str | None, said: str) -> ResponseReturnValue:
    """A one-time link stands on this answer alone, never in a cookie or a second answer."""
    if link is None:
        return _done(auth_id, said)
    return render("staff/link.html", member=members.show(auth_id).member, link=link)


@bp.get("")
@requires(Permission.STAFF_MANAGE)
def index() -> ResponseReturnValue:
    return show_list("staff/index.html", list_page(members.STAFF), fragment="staff/_table.html")


@bp.get("/new")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
def new() -> ResponseReturnValue:
    return new_page()


@bp.post("")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(InviteForm, again=new_page)
def invite(form: InviteForm) -> ResponseReturnValue:
    auth_id, link = members.invite(read(form, InviteAnswers), by=form.command, actor=current_actor())
    return _link_page(auth_id, link, _("This invitation went out already."))


@bp.get("/<uuid:auth_id>")
@requires(Permission.STAFF_MANAGE)
def show(auth_id: UUID) -> ResponseReturnValue:
    return member_page(auth_id)


@bp.post("/<uuid:auth_id>/role")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(RoleForm, again=member_page)
def role(auth_id: UUID, form: RoleForm) -> ResponseReturnValue:
    members.change_role(auth_id, read(form, RoleAnswers), by=form.command, actor=current_actor())
    return _done(auth_id, _("Role changed. It counts from the next click on."))


@bp.post("/<uuid:auth_id>/deactivate")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(MemberForm, again=member_page)
def deactivate(auth_id: UUID, form: MemberForm) -> ResponseReturnValue:
    members.deactivate(auth_id, read(form, MemberAnswers), by=form.command, actor=current_actor())
    return _done(auth_id, _("Access ended."))


@bp.post("/<uuid:auth_id>/activate")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(MemberForm, again=member_page)
def activate(auth_id: UUID, form: MemberForm) -> ResponseReturnValue:
    members.activate(auth_id, read(form, MemberAnswers), by=form.command, actor=current_actor())
    return _done(auth_id, _("Access given back."))


@bp.post("/<uuid:auth_id>/reset")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(MemberForm, again=member_page)
def reset(auth_id: UUID, form: MemberForm) -> ResponseReturnValue:
    link = members.reset(auth_id, read(form, MemberAnswers), by=form.command, actor=current_actor())
    return _link_page(auth_id, link, _("This link went out already."))


@bp.post("/<uuid:auth_id>/sessions/revoke")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@command(MemberForm, again=member_page)
def end_sessions(auth_id: UUID, form: MemberForm) -> ResponseReturnValue:
    members.end_sessions(auth_id, read(form, MemberAnswers), by=form.command, actor=current_actor())
    return _done(auth_id, _("Sessions ended."))
