"""The newest messages of a loan or a customer, for other pages."""

from collections.abc import Sequence
from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.notifications import log
from portal.notifications.views import bp
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.render import render


@bp.get("/of-loan/<uuid:loan_id>")
@requires(Permission.MESSAGE_PANEL, is_passive=True)
def of_loan(loan_id: UUID) -> ResponseReturnValue:
    return _panel(log.of_loan(loan_id))


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.MESSAGE_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    return _panel(log.of_customer(user_id))


def _panel(rows: Sequence[log.MessageRow]) -> ResponseReturnValue:
    may_open = current_actor().may(Permission.MESSAGE_READ)
    return render("notifications/panel.html", fragment="notifications/_panel.html", rows=rows, may_open=may_open)
