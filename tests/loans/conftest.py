"""Staff who are signed in already: these tests are about what they do then."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from portal.auth.models import AuthSession
from portal.shared import clock
from portal.shared.crypto import new_token, token_hash
from portal.shared.database import db
from tests.client import Browser
from tests.factories import Staff


@pytest.fixture
def visit(app: Flask) -> Callable[..., Browser]:
    """As everywhere, but a session just begun stands there, without a password: to check one costs more than a test."""

    def visit(staff: Staff | None = None) -> Browser:
        browser = Browser(app)
        if staff is not None:
            browser.client.set_cookie("__Host-session", _session_of(app, staff), secure=True)
            browser.get("/")
        return browser

    return visit


def _session_of(app: Flask, staff: Staff) -> str:
    """The token of a new session."""
    token, id_ = new_token(), uuid4()
    begun = {"id": id_, "family_id": id_, "auth_id": staff.auth_id, "refresh_token": token_hash(token)}
    with app.app_context():
        db.session.add(AuthSession(**begun, expired_at=clock.now() + timedelta(hours=12)))
        db.session.commit()
    return token
