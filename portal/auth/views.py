"""Signing in and out, and how this person likes his pages."""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, Response, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager
from wtforms import Form as AnyForm

from portal.auth import accounts, passkeys, service
from portal.auth.forms import AgainForm, LoginForm, NewPasswordForm, PasskeyForm
from portal.permissions import Permission
from portal.shared.errors import NotFound, Refusal, Refused
from portal.web.access import SignedIn, current_access, current_actor, public, requires, safe_path
from portal.web.errors import refused, sentence
from portal.web.render import render
from portal.web.requests import client_address

bp = Blueprint("auth", __name__)
login_manager = LoginManager()
login_manager.session_protection = None  # what a session may is asked of auth_sessions each time

SESSION_COOKIE = "__Host-session"
LANGUAGE_COOKIE = "__Host-language"
LONGEST_TOKEN = 64


@login_manager.request_loader  # type: ignore[untyped-decorator]
def load(_request: object) -> SignedIn | None:
    """Who holds this browser's session."""
    token = _token()
    if not token:
        return None
    found = service.resolve(token, is_activity=not current_access().is_passive, ip=client_address())
    if found is None:
        return None
    g.new_token = found.new_token
    return SignedIn(
        found.actor, is_fresh=found.is_fresh, must_register=found.must_register, preferences=found.preferences
    )


@bp.after_app_request
def hand_over(response: Response) -> Response:
    """Give the browser the token that replaced its own."""
    if token := g.pop("new_token", None):
        _keep(response, token)
    return response


@bp.get("/login")
@public
def login() -> ResponseReturnValue:
    service.require_ready()
    form = LoginForm(next=request.args.get("next"))
    return render("auth/login.html", form=form, was_idle=service.went_idle(_token()))


@bp.post("/login")
@public
def sign_in() -> ResponseReturnValue:
    form = LoginForm()
    if form.validate():
        try:
            token = service.sign_in(form.email.data, form.password.data, client=_client())
            return _start(token, safe_path(form.next.data))
        except Refusal as refusal:
            return _failed("auth/login.html", form, refusal)
    return render("auth/login.html", status=422, form=form, was_idle=False)


@bp.post("/login/passkey/options")
@public
def passkey_options() -> ResponseReturnValue:
    return Response(passkeys.questions_to_sign_in(_client()), mimetype="application/json")


@bp.post("/login/passkey")
@public
def sign_in_by_passkey() -> ResponseReturnValue:
    given = PasskeyForm()
    form = LoginForm(email="", password="", next=given.next.data)
    return _by_passkey("auth/login.html", given, form, lambda answer: passkeys.sign_in(answer, client=_client()))


@bp.post("/login/again/passkey")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def confirm_by_passkey() -> ResponseReturnValue:
    given, actor = PasskeyForm(), current_actor()
    form = AgainForm(password="", next=given.next.data)
    return _by_passkey("auth/again.html", given, form, lambda answer: passkeys.confirm(actor, answer, client=_client()))


@bp.get("/login/again")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def again() -> ResponseReturnValue:
    return render("auth/again.html", form=AgainForm(next=request.args.get("next")))


@bp.post("/login/again")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def confirm() -> ResponseReturnValue:
    form = AgainForm()
    if form.validate():
        try:
            token = service.confirm(current_actor(), form.password.data, client=_client())
            return _start(token, safe_path(form.next.data))
        except Refusal as refusal:
            return _failed("auth/again.html", form, refusal)
    return render("auth/again.html", status=422, form=form)


@bp.get("/login/token/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    service.require_link(token)
    return render("auth/token.html", form=NewPasswordForm(), token=token)


@bp.post("/login/token/<token>")
@public
def use_link(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if form.validate():
        try:
            service.set_password(token, form.password.data, client=_client())
        except NotFound:
            raise
        except Refusal as refusal:
            form.password.errors = [sentence(refusal)]
        else:
            flash(_("Your password is set. Sign in with it."))
            return redirect(url_for(".login"), 303)
    return render("auth/token.html", status=422, form=form, token=token)


@bp.post("/logout")
@requires(Permission.PORTAL_ENTER, before_passkey=True)
def logout() -> ResponseReturnValue:
    service.sign_out(current_actor())
    session.clear()
    g.pop("new_token", None)
    response = _go(url_for(".login"))
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.post("/account/renew")
@requires(Permission.PORTAL_ENTER)
def renew() -> ResponseReturnValue:
    """Asking is enough: being asked counts as activity."""
    return Response(status=204)


@bp.post("/account/preferences")
@requires(Permission.PORTAL_ENTER)
def preferences() -> ResponseReturnValue:
    chosen = {name: request.form[name] for name in accounts.PREFERENCES if name in request.form}
    accounts.prefer(current_actor(), chosen)
    return _go(safe_path(request.form.get("next")))


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    chosen = request.form.get("language", "")
    response = _go(safe_path(request.form.get("next")))
    if chosen in accounts.PREFERENCES["language"]:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, secure=True, httponly=True, samesite="Lax")
    return response


def chosen_language() -> str | None:
    """The language this person chose, before or after sign-in."""
    user = g.get("_login_user")
    preferred = getattr(user, "preferences", {}).get("language") or request.cookies.get(LANGUAGE_COOKIE)
    return preferred if preferred in accounts.PREFERENCES["language"] else None


def _token() -> str:
    token = request.cookies.get(SESSION_COOKIE, "")
    return token if token.isascii() and len(token) <= LONGEST_TOKEN else ""


def _client() -> service.Client:
    return service.Client(client_address(), request.headers.get("User-Agent", ""))


def _go(url: str) -> Response:
    return cast(Response, redirect(url, 303))


def _start(token: str, url: str) -> Response:
    """Send the person on with a new session; nothing of an earlier one is adopted."""
    session.clear()
    g.pop("new_token", None)
    response = _go(url)
    _keep(response, token)
    return response


def _keep(response: Response, token: str) -> None:
    response.set_cookie(SESSION_COOKIE, token, secure=True, httponly=True, samesite="Lax")


def _by_passkey(template: str, given: PasskeyForm, form: AnyForm, enter: Callable[[str], str]) -> Response:
    """A new session for whoever's passkey answered, else the page again with the reason."""
    try:
        if not given.validate():
            raise Refused(passkeys.NOT_ACCEPTED)
        return _start(enter(given.credential.data), safe_path(given.next.data))
    except Refusal as refusal:
        return _failed(template, form, refusal)


def _failed(template: str, form: AnyForm, refusal: Refusal) -> Response:
    form.form_errors.append(sentence(refusal))
    response = render(template, status=refusal.status, form=form, was_idle=False)
    response.headers.extend((k, v) for k, v in refused(refusal).headers if k == "Retry-After")
    return response
