"""What somebody's browser keeps: the token of their session, and the language of the pages before that."""

from typing import cast

from flask import Response, g, redirect, request, session
from flask_login import LoginManager

from portal.auth import sessions
from portal.auth.account import PREFERENCES
from portal.auth.sessions import Client
from portal.auth.views import bp
from portal.shared.actor import SignedIn
from portal.web.access import current_access
from portal.web.requests import client_address

login_manager = LoginManager()
login_manager.session_protection = None  # what a session may is asked of auth_sessions each time

SESSION_COOKIE = "__Host-session"
LANGUAGE_COOKIE = "__Host-language"
MAX_TOKEN = 64


@login_manager.request_loader  # type: ignore[untyped-decorator]
def load(_request: object) -> SignedIn | None:
    """Who holds this browser's session."""
    token = session_token()
    if not token:
        return None
    found = sessions.resolve(token, is_activity=not current_access().is_passive, ip=client_address())
    if found is not None:
        g.new_token = found.new_token
    return found


@bp.after_app_request
def hand_over(response: Response) -> Response:
    """Give the browser the token that replaced its own."""
    if token := g.pop("new_token", None):
        _keep(response, token)
    return response


def session_token() -> str:
    """The token as this browser sent it; empty when it cannot be one."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return token if token.isascii() and len(token) <= MAX_TOKEN else ""


def client() -> Client:
    return Client(client_address(), request.headers.get("User-Agent", ""))


def start(token: str, url: str) -> Response:
    """Send the person on with a new session; nothing of an earlier one is adopted."""
    response = _anew(url)
    _keep(response, token)
    return response


def leave(url: str) -> Response:
    """Send the person on without a session, and have the browser forget what it kept of pages."""
    response = _anew(url)
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def go(url: str) -> Response:
    return cast(Response, redirect(url, 303))


def keep_language(response: Response, language: str) -> None:
    """For a year, or until this person signs in; only one that there is."""
    if language in PREFERENCES["language"]:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, secure=True, httponly=True, samesite="Lax")


def chosen_language() -> str | None:
    """The language this person chose, before or after sign-in."""
    user = g.get("_login_user")
    preferred = getattr(user, "preferences", {}).get("language") or request.cookies.get(LANGUAGE_COOKIE)
    return preferred if preferred in PREFERENCES["language"] else None


def _anew(url: str) -> Response:
    session.clear()
    g.pop("new_token", None)
    return go(url)


def _keep(response: Response, token: str) -> None:
    response.set_cookie(SESSION_COOKIE, token, secure=True, httponly=True, samesite="Lax")
