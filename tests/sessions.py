"""Sessions that are written into the store: what a sign-in leaves behind, without its password and its pages."""

from contextvars import Context
from uuid import UUID

from flask import Flask

from portal.auth import sessions
from portal.auth.sessions import Client
from portal.auth.views.browser import SESSION_COOKIE
from portal.shared.database import transaction
from tests.client import Browser


def write_session(app: Flask, auth_id: UUID, client: Client) -> str:
    """The token of a new session; by the function with which every way of signing in ends."""

    def write() -> str:
        with app.app_context(), transaction():
            account, member = found = sessions.accounts.get(auth_id)
            if not sessions.may_enter(account, member):
                raise ValueError(f"{account.email} may not enter: let this test sign in by the form, and be refused.")
            return sessions.open_session(found, client, None)

    return Context().run(write)  # in no test's context, as a request


def signed_in(app: Flask, auth_id: UUID) -> Browser:
    """The browser of somebody who has signed in and opened nothing yet."""
    browser = Browser(app)
    base = browser.client.environ_base
    client = Client(base["REMOTE_ADDR"], base["HTTP_USER_AGENT"])
    token = write_session(app, auth_id, client)
    browser.client.set_cookie(SESSION_COOKIE, token, secure=True, httponly=True, samesite="Lax")
    return browser
