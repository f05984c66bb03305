"""One's own account: passkeys, password, sessions; how the pages look is in ``views.py`` with the menu."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.auth import accounts, passkeys, service
from portal.auth.devices import device
from portal.auth.forms import ChangePasswordForm, NewPasskeyForm, PasskeyNameForm
from portal.permissions import Permission
from portal.shared.errors import N_, NotFound, Refusal, Refused
from portal.web.access import current_actor, requires, signed_in
from portal.web.errors import explained, sentence, shows_again
from portal.web.forms import Command
from portal.web.render import render

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@requires(Permission.PORTAL_ENTER)
def show() -> ResponseReturnValue:
    return _page()


@bp.get("/passkeys/new")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
def new_passkey() -> ResponseReturnValue:
    return _new_passkey()


@bp.post("/passkeys/options")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
def passkey_options() -> ResponseReturnValue:
    return Response(passkeys.questions_to_register(current_actor()), mimetype="application/json")


@bp.post("/passkeys")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
@shows_again(lambda **kwargs: _new_passkey(**kwargs))
def add_passkey() -> ResponseReturnValue:
    form = NewPasskeyForm()
    if not form.validate():
        return _new_passkey(status=422)
    passkeys.register(current_actor(), form.credential.data, name=form.name.data, command=form.command_id.data)
    flash(_("Passkey added. Sign in with it from now on."), "success")
    return redirect(url_for("overview.home" if signed_in().must_register else ".show"), 303)


@bp.post("/passkeys/<uuid:passkey_id>/rename")
@requires(Permission.PORTAL_ENTER, is_fresh=True)
@shows_again(lambda passkey_id, **kwargs: _page(**kwargs))
def rename_passkey(passkey_id: UUID) -> ResponseReturnValue:
    form = PasskeyNameForm()
    if not form.validate():
        return _page(status=422, naming=(passkey_id, form))
    passkeys.rename(current_actor(), passkey_id, form.name.data, command=form.command_id.data)
    return _done(_("Passkey renamed."))


@bp.post("/passkeys/<uuid:passkey_id>/remove")
@requires(Permission.PORTAL_ENTER, is_fresh=True)
@shows_again(lambda passkey_id, **kwargs: _page(**kwargs))
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    passkeys.remove(current_actor(), passkey_id, command=_command())
    return _done(_("Passkey removed. Delete it on your device as well."))


@bp.post("/password")
@requires(Permission.PORTAL_ENTER)
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not form.validate():
        return _page(status=422, form=form)
    try:
        accounts.change_password(current_actor(), form.old.data, form.password.data, command=form.command_id.data)
    except NotFound:
        raise
    except Refusal as refusal:
        form.form_errors.append(sentence(refusal))
        return _page(status=refusal.status, form=form)
    return _done(_("Password changed. Your other sessions have ended."))


@bp.post("/sessions/<uuid:session_id>/end")
@requires(Permission.PORTAL_ENTER)
@shows_again(lambda session_id, **kwargs: _page(**kwargs))
def end_session(session_id: UUID) -> ResponseReturnValue:
    accounts.end_session(current_actor(), session_id, command=_command())
    return _done(_("Session ended."))


@bp.post("/sessions/end-others")
@requires(Permission.PORTAL_ENTER)
@shows_again(lambda **kwargs: _page(**kwargs))
def end_other_sessions() -> ResponseReturnValue:
    accounts.end_other_sessions(current_actor(), command=_command())
    return _done(_("Every other session has ended."))


def _command() -> UUID:
    """The id of a form that holds nothing else."""
    form = Command()
    if not form.validate():
        raise Refused(N_("This form is not complete. Open the page again."))
    return form.command_id.data


def _done(said: str) -> Response:
    flash(said, "success")
    return redirect(url_for(".show"), 303)  # type: ignore[return-value]


def _page(
    *, status: int = 200, refusal: Refusal | None = None, form: ChangePasswordForm | None = None, naming: Any = None
) -> Response:
    actor = current_actor()
    keys = passkeys.of(actor)
    sessions = service.list_sessions(actor.id)
    return render(
        "auth/account.html",
        status=status,
        refusal=explained(refusal) if refusal else None,
        form=form or ChangePasswordForm(formdata=None),
        passkeys=[(key, _naming(key, naming)) for key in keys],
        may_remove=passkeys.may_remove(len(keys)),
        sessions=[(session, *device(session.user_agent)) for session in sessions],
        preferences=signed_in().preferences,
    )


def _naming(key: Any, naming: tuple[UUID, PasskeyNameForm] | None) -> PasskeyNameForm:
    """The form that renames it; one that was filled in wrongly comes back as it was."""
    form = naming[1] if naming and naming[0] == key.id else PasskeyNameForm(formdata=None, name=key.name)
    form["name"].id = f"name-{key.id}"
    return form


def _new_passkey(*, status: int = 200, refusal: Refusal | None = None) -> Response:
    suggested = " · ".join(filter(None, device(request.user_agent.string)))
    return render(
        "auth/passkey.html",
        status=status,
        refusal=explained(refusal) if refusal else None,
        form=NewPasskeyForm(name=suggested),
        is_first=signed_in().must_register,
    )
