"""Everything about a customer, newest first."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal import users
from portal.overview import timeline
from portal.overview.customer import note_opening
from portal.overview.views.customers import bp
from portal.permissions import Permission
from portal.shared.pagination import Slice
from portal.web.access import current_actor, requires
from portal.web.render import render


@bp.get("/<uuid:user_id>/timeline")
@requires(Permission.CUSTOMER_READ)
def timeline_of(user_id: UUID) -> ResponseReturnValue:
    actor, after = current_actor(), Slice.parse(after=request.args.get("after"), before=None).after
    customer = users.customer(user_id)
    page = timeline.page(user_id, before=after, actor=actor)
    note_opening(user_id, actor=actor)
    older = url_for(".timeline_of", user_id=user_id, after=page.older) if page.older else None
    newest = url_for(".timeline_of", user_id=user_id) if after else None
    return render("customers/timeline.html", customer=customer, page=page, newest=newest, older=older)
