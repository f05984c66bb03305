"""The staff's room: who works here, in which role, and since when not any more."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.auth import device
from portal.permissions import Permission, Role
from portal.shared.errors import Refusal
from portal.shared.pagination import Slice
from portal.staff import members
from portal.staff.forms import AccessForm, InviteForm, MemberForm, RoleForm
from portal.web.access import current_actor, requires, signed_in
from portal.web.errors import explained, shows_again
from portal.web.render import render

bp = Blueprint("staff", __name__, url_prefix="/staff")


@bp.get("")
@requires(Permission.STAFF_MANAGE)
def index() -> ResponseReturnValue:
    form = AccessForm(request.args)
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    page = members.browse(part, form.chosen)
    given: dict[str, Any] = {"access": form.chosen} if form.chosen else {}
    return render(
        "staff/index.html",
        filters=form,
        rows=page.rows,
        newer=url_for(".index", **given, before=page.before) if page.before else None,
        older=url_for(".index", **given, after=page.after) if page.after else None,
    )


@bp.get("/new")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
def new() -> ResponseReturnValue:
    return render("staff/new.html", form=InviteForm())


@bp.post("")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda **kwargs: _new(**kwargs))
def invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate():
        return render("staff/new.html", status=422, form=form)
    auth_id, link = members.invite(
        form.email.data,
        name=form.name.data,
        role=Role(form.role.data),
        command=form.command_id.data,
        actor=current_actor(),
    )
    return _done(auth_id, link, _("This invitation went out already."))


@bp.get("/<uuid:auth_id>")
@requires(Permission.STAFF_MANAGE)
def show(auth_id: UUID) -> ResponseReturnValue:
    return _show(auth_id)


@bp.post("/<uuid:auth_id>/role")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda auth_id, **kwargs: _show(auth_id, **kwargs))
def role(auth_id: UUID) -> ResponseReturnValue:
    form = RoleForm()
    if not form.validate():
        return _show(auth_id, status=422)
    given: dict[str, Any] = {"version": form.version.data, "command": form.command_id.data, "actor": current_actor()}
    members.change_role(auth_id, Role(form.role.data), **given)
    flash(_("Role changed. It counts from the next click on."))
    return redirect(url_for(".show", auth_id=auth_id), 303)


@bp.post("/<uuid:auth_id>/deactivate")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda auth_id, **kwargs: _show(auth_id, **kwargs))
def deactivate(auth_id: UUID) -> ResponseReturnValue:
    return _act(auth_id, members.deactivate, _("Access ended."))


@bp.post("/<uuid:auth_id>/activate")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda auth_id, **kwargs: _show(auth_id, **kwargs))
def activate(auth_id: UUID) -> ResponseReturnValue:
    return _act(auth_id, members.activate, _("Access given back."))


@bp.post("/<uuid:auth_id>/reset")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda auth_id, **kwargs: _show(auth_id, **kwargs))
def reset(auth_id: UUID) -> ResponseReturnValue:
    return _act(auth_id, members.reset, _("This link went out already."))


@bp.post("/<uuid:auth_id>/sessions/revoke")
@requires(Permission.STAFF_MANAGE, is_fresh=True)
@shows_again(lambda auth_id, **kwargs: _show(auth_id, **kwargs))
def end_sessions(auth_id: UUID) -> ResponseReturnValue:
    return _act(auth_id, members.end_sessions, _("Sessions ended."))


def _act(auth_id: UUID, act: Callable[..., str | None], said: str) -> ResponseReturnValue:
    form = MemberForm()
    if not form.validate():
        return _show(auth_id, status=422)
    link = act(auth_id, version=form.version.data, command=form.command_id.data, actor=current_actor())
    return _done(auth_id, link, said)


def _done(auth_id: UUID, link: str | None, said: str) -> ResponseReturnValue:
    """On to the member; a one-time link stands on this answer alone, never in a cookie or a second answer."""
    if link:
        return render("staff/link.html", member=members.show(auth_id)[0], link=link)
    flash(said)
    return redirect(url_for(".show", auth_id=auth_id), 303)


def _new(*, refusal: Refusal, status: int) -> Response:
    return render("staff/new.html", status=status, form=InviteForm(), refusal=explained(refusal))


def _show(auth_id: UUID, *, status: int = 200, refusal: Refusal | None = None) -> Response:
    """The member with his forms; after a refusal they carry the state as it is now."""
    member, sessions, passkeys = members.show(auth_id)
    form: Any = RoleForm(role=member.role, version=member.version)
    if request.method == "POST":
        form.validate()
        form.version.raw_data, form.version.data, form.command_id.data = None, member.version, None
    return render(
        "staff/show.html",
        status=status,
        member=member,
        passkeys=passkeys,
        sessions=[(session, *device(session.user_agent)) for session in sessions],
        form=form,
        is_self=member.auth_id == current_actor().id,
        is_fresh=signed_in().is_fresh,
        refusal=explained(refusal) if refusal else None,
    )
