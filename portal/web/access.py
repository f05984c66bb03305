"""Who may use a route. A route that does not say so keeps the app from starting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from blinker import signal
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import Forbidden

from portal.permissions import Permission, Role, roles_with
from portal.shared.actor import Actor, SignedIn
from portal.shared.errors import N_
from portal.web.words import translated, word

View = TypeVar("View", bound=Callable[..., Any])

access_refused = signal("access-refused")


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of whoever calls it. Passive ones (polls, renewals) do not keep a session alive.

    Those ``before_passkey`` are open to somebody who has to register one first.
    """

    permission: Permission | None
    is_fresh: bool = False
    is_passive: bool = False
    before_passkey: bool = False


class WrongRole(Forbidden):
    """The role lacks the route's permission: a sentence says what it is for, the advice whom to ask for which role."""

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        roles = roles_with(permission)
        if roles == [Role.ADMIN]:
            advice = N_("Ask an administrator to do it.")
        elif len(roles) == 1:
            advice = N_("Ask your administrator for this role: %(roles)s.")
        else:
            advice = N_("Ask your administrator for one of these roles: %(roles)s.")
        self.sentence = _("You cannot %(what)s.", what=translated(permission.word))
        self.advice = _(advice, roles=", ".join(map(word, roles)))


def requires(
    permission: Permission, *, is_fresh: bool = False, is_passive: bool = False, before_passkey: bool = False
) -> Callable[[View], View]:
    """Only roles that were granted ``permission`` may use the view; ``is_fresh`` asks for a sign-in of late."""
    return _tag(Access(permission, is_fresh, is_passive, before_passkey))


def public(view: View) -> View:
    """Anybody may use the view."""
    return _tag(Access(None))(view)


def _tag(access: Access) -> Callable[[View], View]:
    def tag(view: View) -> View:
        cast(Any, view).access = access
        return view

    return tag


def access_of(app: Flask, endpoint: str) -> Access | None:
    return getattr(app.view_functions[endpoint], "access", None)


def require_declared_routes(app: Flask) -> None:
    """Refuse to start while any route does not say who may use it."""
    public(app.view_functions["static"])
    undeclared = sorted({r.endpoint for r in app.url_map.iter_rules() if access_of(app, r.endpoint) is None})
    if undeclared:
        raise RuntimeError("these routes do not say who may use them: " + ", ".join(undeclared))


def current_access() -> Access:
    """What the present route asks for."""
    return access_of(current_app, request.endpoint or "static") or Access(None)


def current_actor() -> Actor:
    """The signed-in member of staff."""
    return cast(SignedIn, current_user).actor


def is_signed_in() -> bool:
    """Whether this request's session was looked up and is alive; never looks it up itself."""
    return bool(getattr(g.get("_login_user"), "is_authenticated", False))


def signed_in() -> SignedIn:
    """Flask-Login's user, once looked up."""
    return cast(SignedIn, current_user)


def look_up() -> bool:
    """Whether somebody is signed in; asks the database, once a request."""
    return bool(current_user.is_authenticated)


def enforce() -> Response | None:
    """Before each request: strangers sign in, the wrong role gets 403, a stale sign-in is asked again."""
    if request.endpoint is None:
        look_up()  # the page that says so has the frame of whoever is signed in
        return None
    access = current_access()
    if access.permission is None:
        return None
    if not look_up():
        return send_to(url_for("auth.login", next=own_path()), script_status=401)
    if current_user.must_register and not access.before_passkey:
        return send_to(url_for("account.new_passkey"), script_status=401)
    actor = current_actor()
    if not actor.may(access.permission):
        access_refused.send(current_app._get_current_object(), actor=actor, permission=access.permission)  # type: ignore[attr-defined]
        raise WrongRole(access.permission)
    if access.is_fresh and not current_user.is_fresh:
        return send_to(url_for("auth.again", next=own_path()), script_status=401)
    return None


def send_to(url: str, *, script_status: int) -> Response:
    """A redirect for a browser; for htmx an empty answer that makes it go there."""
    is_script = request.htmx.is_script_request  # type: ignore[attr-defined]
    response = Response(status=script_status, headers={"HX-Redirect": url}) if is_script else redirect(url, 303)
    response.vary.update(["HX-Request", "HX-History-Restore-Request"])
    return cast(Response, response)


def own_path() -> str:
    """The page the person is on: this address, or for a form or fragment the page around it."""
    if request.method in {"GET", "HEAD"} and not request.htmx:  # type: ignore[attr-defined]
        return request.full_path.rstrip("?")
    return safe_path(_path_of(request.headers.get("HX-Current-URL") or request.referrer or ""))


def _path_of(url: str) -> str:
    """Path and query of a page of ours, whose filters never hold personal data."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts._replace(scheme="", netloc="", fragment="").geturl() if parts.netloc == request.host else ""


def safe_path(path: str | None) -> str:
    """``path`` when it is a page of this portal, else the home page; never another host."""
    home = url_for("overview.home")
    if not path or not path.startswith("/") or any(ord(c) < 33 or c == "\\" for c in path) or path[1:2] == "/":
        return home
    parts = urlsplit(path)
    if parts.scheme or parts.netloc:
        return home
    adapter = current_app.url_map.bind(request.host)
    return path if adapter.test(parts.path, method="GET") else home


def subject_of_request() -> UUID | None:
    """The first id in this address, for the trail."""
    return next((v for v in (request.view_args or {}).values() if isinstance(v, UUID)), None)
