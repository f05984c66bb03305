"""Signing in and out, proving once more who one is, and choosing a password by a one-time link."""

from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.auth import links, passkeys, sessions
from portal.auth.sessions import PasswordAnswers, SignInAnswers
from portal.auth.views import bp
from portal.auth.views.browser import client, go, keep_language, leave, session_token, start
from portal.auth.views.forms import AgainForm, LoginForm, NewPasswordForm, PasskeyForm
from portal.permissions import Permission
from portal.shared.errors import Throttled
from portal.web.access import current_actor, public, requires, safe_path
from portal.web.commands import Sent, command, read, shown
from portal.web.render import render


def login_page(*, sent: Sent | None = None) -> Response:
    was_idle = sent is None and sessions.went_idle(session_token())
    return _page("auth/login.html", LoginForm, sent, was_idle=was_idle)


def again_page(*, sent: Sent | None = None) -> Response:
    return _page("auth/again.html", AgainForm, sent)


def link_page(token: str, *, sent: Sent | None = None) -> Response:
    return render("auth/token.html", sent=sent, form=shown(NewPasswordForm, sent), token=token)


def _page(template: str, form_type: type[AgainForm], sent: Sent | None, **context: Any) -> Response:
    """One of the two pages on which a password or a passkey is asked for, with where to go then."""
    where = request.form.get("next", request.args.get("next"))
    form = shown(form_type, sent, beside=[PasskeyForm], next=where)
    response = render(template, sent=sent, form=form, **context)
    if sent and isinstance(sent.refused, Throttled):
        response.headers["Retry-After"] = str(sent.refused.seconds)
    return response


@bp.get("/login")
@public
def login() -> ResponseReturnValue:
    return login_page()


@bp.post("/login")
@public
@command(LoginForm, again=login_page)
def sign_in(form: LoginForm) -> ResponseReturnValue:
    return start(sessions.sign_in(read(form, SignInAnswers), client=client()), safe_path(form.next.data))


@bp.post("/login/passkey/options")
@public
def passkey_options() -> ResponseReturnValue:
    return Response(passkeys.questions_to_sign_in(client()), mimetype="application/json")


@bp.post("/login/passkey")
@public
@command(PasskeyForm, again=login_page)
def sign_in_by_passkey(form: PasskeyForm) -> ResponseReturnValue:
    return start(passkeys.prove(form.credential.data, client=client()), safe_path(form.next.data))


@bp.get("/login/again")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def again() -> ResponseReturnValue:
    return again_page()


@bp.post("/login/again")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
@command(AgainForm, again=again_page)
def confirm(form: AgainForm) -> ResponseReturnValue:
    token = sessions.confirm(read(form, PasswordAnswers), client=client(), actor=current_actor())
    return start(token, safe_path(form.next.data))


@bp.post("/login/again/passkey")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
@command(PasskeyForm, again=again_page)
def confirm_by_passkey(form: PasskeyForm) -> ResponseReturnValue:
    token = passkeys.prove(form.credential.data, client=client(), actor=current_actor())
    return start(token, safe_path(form.next.data))


@bp.get("/login/token/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    links.require_link(token)
    return link_page(token)


@bp.post("/login/token/<token>")
@public
@command(NewPasswordForm, again=link_page)
def use_link(token: str, form: NewPasswordForm) -> ResponseReturnValue:
    links.set_password(token, read(form, PasswordAnswers), client=client())
    flash(_("Your password is set. Sign in with it."))
    return go(url_for(".login"))


@bp.post("/logout")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def logout() -> ResponseReturnValue:
    sessions.sign_out(current_actor())
    return leave(url_for(".login"))


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    response = go(safe_path(request.form.get("next")))
    keep_language(response, request.form.get("language", ""))
    return response
