"""One's own account: passkeys, password, sessions, and how the pages look."""

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.auth import account, passkeys
from portal.auth.devices import device
from portal.auth.models import Passkey
from portal.auth.views import account_bp, bp
from portal.auth.views.browser import go
from portal.auth.views.forms import ChangePasswordForm, NewPasskeyForm, PasskeyNameForm
from portal.permissions import Permission
from portal.web.access import current_actor, requires, safe_path, signed_in
from portal.web.commands import Sent, command, read, shown
from portal.web.forms import Command
from portal.web.render import render


def account_page(
    *, passkey_id: UUID | None = None, session_id: UUID | None = None, sent: Sent | None = None
) -> Response:
    page = account.show(current_actor())
    return render(
        "auth/account.html",
        sent=sent,
        wrong=sent.form if sent else None,
        form=shown(ChangePasswordForm, sent),
        passkeys=[(key, _naming(key, sent if key.id == passkey_id else None)) for key in page.passkeys],
        may_remove=page.may_remove,
        sessions=page.sessions,
    )


def new_passkey_page(*, sent: Sent | None = None) -> Response:
    suggested = " · ".join(filter(None, device(request.user_agent.string)))
    form = shown(NewPasskeyForm, sent, name=suggested)
    return render("auth/passkey.html", sent=sent, form=form, is_first=signed_in().must_register)


def _naming(key: Passkey, sent: Sent | None) -> PasskeyNameForm:
    form = shown(PasskeyNameForm, sent, name=key.name)
    form["name"].id = f"name-{key.id}"
    return form


def _done(said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for(".show"), 303)


@account_bp.get("")
@requires(Permission.PORTAL_ENTER)
def show() -> ResponseReturnValue:
    return account_page()


@account_bp.get("/passkeys/new")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
def new_passkey() -> ResponseReturnValue:
    return new_passkey_page()


@account_bp.post("/passkeys/options")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
def passkey_options() -> ResponseReturnValue:
    return Response(passkeys.questions_to_register(current_actor()), mimetype="application/json")


@account_bp.post("/passkeys")
@requires(Permission.PORTAL_ENTER, is_fresh=True, before_passkey=True)
@command(NewPasskeyForm, again=new_passkey_page)
def add_passkey(form: NewPasskeyForm) -> ResponseReturnValue:
    passkeys.register(read(form, passkeys.AddAnswers), by=form.command, actor=current_actor())
    flash(_("Passkey added. Sign in with it from now on."), "success")
    return redirect(url_for("overview.home" if signed_in().must_register else ".show"), 303)


@account_bp.post("/passkeys/<uuid:passkey_id>/rename")
@requires(Permission.PORTAL_ENTER, is_fresh=True)
@command(PasskeyNameForm, again=account_page)
def rename_passkey(passkey_id: UUID, form: PasskeyNameForm) -> ResponseReturnValue:
    passkeys.rename(passkey_id, read(form, passkeys.NameAnswers), by=form.command, actor=current_actor())
    return _done(_("Passkey renamed."))


@account_bp.post("/passkeys/<uuid:passkey_id>/remove")
@requires(Permission.PORTAL_ENTER, is_fresh=True)
@command(Command, again=account_page)
def remove_passkey(passkey_id: UUID, form: Command) -> ResponseReturnValue:
    passkeys.remove(passkey_id, by=form.command, actor=current_actor())
    return _done(_("Passkey removed. Delete it on your device as well."))


@account_bp.post("/password")
@requires(Permission.PORTAL_ENTER)
@command(ChangePasswordForm, again=account_page)
def change_password(form: ChangePasswordForm) -> ResponseReturnValue:
    account.change_password(read(form, account.ChangeAnswers), by=form.command, actor=current_actor())
    return _done(_("Password changed. Your other sessions have ended."))


@account_bp.post("/sessions/<uuid:session_id>/end")
@requires(Permission.PORTAL_ENTER)
@command(Command, again=account_page)
def end_session(session_id: UUID, form: Command) -> ResponseReturnValue:
    account.end_session(session_id, by=form.command, actor=current_actor())
    return _done(_("Session ended."))


@account_bp.post("/sessions/end-others")
@requires(Permission.PORTAL_ENTER)
@command(Command, again=account_page)
def end_other_sessions(form: Command) -> ResponseReturnValue:
    account.end_other_sessions(by=form.command, actor=current_actor())
    return _done(_("Every other session has ended."))


@bp.post("/account/renew")
@requires(Permission.PORTAL_ENTER)
def renew() -> ResponseReturnValue:
    """Asking is enough: being asked counts as activity."""
    return Response(status=204)


@bp.post("/account/preferences")
@requires(Permission.PORTAL_ENTER)
def preferences() -> ResponseReturnValue:
    chosen = {name: request.form[name] for name in account.PREFERENCES if name in request.form}
    account.prefer(chosen, actor=current_actor())
    return go(safe_path(request.form.get("next")))
