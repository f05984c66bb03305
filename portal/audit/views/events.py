"""The list of events, as a page and as a file."""

from flask.typing import ResponseReturnValue

from portal.audit import chain
from portal.audit.events import EVENTS, LOOKED
from portal.audit.views import bp
from portal.permissions import Permission
from portal.web.access import requires
from portal.web.lists import download_list, list_page, show_list


@bp.get("")
@requires(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    listed = list_page(EVENTS)
    return show_list("audit/index.html", listed, fragment="audit/_table.html", chain=chain.state(), looked=LOOKED)


@bp.get("/export.csv")
@requires(Permission.AUDIT_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    return download_list(EVENTS)
