"""The message log, and what it says by itself while somebody looks at it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.notifications import log, stats
from portal.notifications.models import Status
from portal.notifications.views import bp
from portal.notifications.views.message import framing, known_of
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.lists import Asked
from portal.shared.pagination import PAGE_SIZE, Cursor
from portal.web.access import current_actor, requires
from portal.web.forms import CANONICAL_UUID
from portal.web.lists import ListPage, download_list, list_page, show_list
from portal.web.render import render, unchanged

THE_BEGINNING = Cursor(datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))


@bp.get("")
@requires(Permission.MESSAGE_READ)
def index() -> ResponseReturnValue:
    listed = list_page(log.LOG, log.LOG.counts())
    page = show_list(
        "notifications/index.html", listed, fragment="notifications/_table.html", outages=stats.outages(),
        verdicts=log.verdicts(listed.rows), at=clock.now(), live_url=_live_url(listed), **_opened(),
    )  # fmt: skip
    return framing(page)


@bp.get("/live")
@requires(Permission.MESSAGE_READ, is_passive=True)
def live() -> ResponseReturnValue:
    """What is new since the page was drawn, for polling; nothing when that is what was last said."""
    asked, newest, pending = log.LOG.read(request.args), request.args.get("newest"), _pending()
    news = log.news(asked, newest=Cursor.parse(newest) if newest else None, pending=pending)
    is_said = news.fresh == request.args.get("said", 0, type=int)
    if is_said and not news.ended:
        return unchanged()
    left = [id_ for id_ in pending if id_ not in news.ended]
    urls: dict[str, Any] = {"live_url": _poll(asked, newest, left, news.fresh), "list_url": _address(".index", asked)}
    return render("notifications/_live.html", news=news, is_said=is_said, at=clock.now(), **urls)


@bp.get("/export.csv")
@requires(Permission.MESSAGE_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    return download_list(log.LOG)


def _opened() -> dict[str, Any]:
    """The message beside the list."""
    asked, actor = request.args.get("open", ""), current_actor()
    if CANONICAL_UUID.fullmatch(asked):
        return known_of(UUID(asked))
    return {"message": None, "may_resend": actor.may(Permission.MESSAGE_RESEND)}


def _pending() -> list[UUID]:
    """Of which shown messages the page asks how they ended."""
    asked = request.args.get("pending", "").split(",")[:PAGE_SIZE]
    return [UUID(id_) for id_ in asked if CANONICAL_UUID.fullmatch(id_)]


def _live_url(listed: ListPage) -> str:
    """Where the page asks for news: new messages on the first page only, how pending ones ended on every page."""
    rows, newest = listed.rows, None
    if not (request.args.get("after") or request.args.get("before")):
        newest = str(Cursor(rows[0].created_at, rows[0].id) if rows else THE_BEGINNING)
    return _poll(listed.asked, newest, [row.id for row in rows if row.status is Status.PENDING], 0)


def _poll(asked: Asked, newest: str | None, pending: Sequence[UUID], said: int) -> str:
    return _address(".live", asked, newest=newest, pending=",".join(map(str, pending)) or None, said=said)


def _address(endpoint: str, asked: Asked, **more: Any) -> str:
    return url_for(endpoint, **{**asked.texts, **more})
