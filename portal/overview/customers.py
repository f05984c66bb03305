"""The customers' room: list, search, a customer's page."""

from uuid import UUID

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.overview import service
from portal.overview.forms import NameForm, RevealForm, StatusForm
from portal.permissions import Permission
from portal.shared.errors import Refusal
from portal.shared.pagination import Page, Slice
from portal.shared.vocabulary import Activity
from portal.users import service as users
from portal.web.access import current_actor, requires
from portal.web.errors import explained, shows_again
from portal.web.render import render

bp = Blueprint("customers", __name__, url_prefix="/customers")

PANELS = (
    ("kyc.of_customer", "kyc", _l("Identity checks"), Permission.KYC_STATUS),
    ("loans.of_customer", "loans", _l("Loans"), Permission.LOAN_READ),
    ("credit_scores.of_customer", "scores", _l("Credit scores"), Permission.SCORE_READ),
    ("notifications.of_customer", "messages", _l("Notifications"), Permission.CUSTOMER_READ),
)


@bp.get("")
@requires(Permission.CUSTOMER_READ)
def index() -> ResponseReturnValue:
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    return _list(NameForm(), users.newest(part))


@bp.post("")
@requires(Permission.CUSTOMER_READ)
def search() -> ResponseReturnValue:
    form = NameForm()
    if not form.validate():
        return _list(form, Page([], None, None), status=422)
    found = users.find(form.term.data)
    return _list(form, Page(found, None, None), is_narrow=len(found) < users.MOST_HITS)


@bp.get("/<uuid:user_id>")
@requires(Permission.CUSTOMER_READ)
def show(user_id: UUID) -> ResponseReturnValue:
    answer = _page(user_id)
    service.note_opening(user_id, actor=current_actor())
    return answer


@bp.post("/<uuid:user_id>/reveal")
@requires(Permission.CONTACT_REVEAL)
@shows_again(lambda user_id, **kwargs: _page(user_id, **kwargs))
def reveal(user_id: UUID) -> ResponseReturnValue:
    form = RevealForm()
    if not form.validate():
        return _page(user_id, status=422, form=form)
    field = form.field.data
    value = service.reveal(user_id, field, reason=form.reason.data, text=form.text.data or "", actor=current_actor())
    return _page(user_id, form=form, revealed={field: value})


@bp.post("/<uuid:user_id>/deactivate")
@requires(Permission.CUSTOMER_MANAGE)
@shows_again(lambda user_id, **kwargs: _page(user_id, **kwargs))
def deactivate(user_id: UUID) -> ResponseReturnValue:
    return _set_status(user_id, Activity.INACTIVE)


@bp.post("/<uuid:user_id>/activate")
@requires(Permission.CUSTOMER_MANAGE)
@shows_again(lambda user_id, **kwargs: _page(user_id, **kwargs))
def activate(user_id: UUID) -> ResponseReturnValue:
    return _set_status(user_id, Activity.ACTIVE)


def _set_status(user_id: UUID, status: Activity) -> ResponseReturnValue:
    form = StatusForm()
    if not form.validate():
        return _page(user_id, status=422, status_form=form)
    users.set_status(
        user_id,
        status,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    return redirect(url_for(".show", user_id=user_id), 303)


def _list(form: NameForm, page: Page[users.Person], *, status: int = 200, is_narrow: bool = True) -> Response:
    return render(
        "customers/index.html",
        status=status,
        form=form,
        page=page,
        newer=url_for(".index", before=page.before) if page.before else None,
        older=url_for(".index", after=page.after) if page.after else None,
        is_narrow=is_narrow,
    )


def _page(
    user_id: UUID,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    form: RevealForm | None = None,
    status_form: StatusForm | None = None,
    revealed: dict[str, str] | None = None,
) -> Response:
    """The page of one customer; a revealed value leaves it after a minute."""
    actor = current_actor()
    customer = users.customer(user_id)
    answer = render(
        "customers/show.html",
        status=status,
        customer=customer,
        panels=[
            (key, title, url_for(endpoint, user_id=user_id))
            for endpoint, key, title, permission in PANELS
            if endpoint in current_app.view_functions and actor.may(permission)
        ],
        form=form or RevealForm(),
        status_form=status_form or StatusForm(version=customer.version),
        revealed=revealed or {},
        may_reveal=service.may_reveal(user_id, actor=actor),
        may_manage=actor.may(Permission.CUSTOMER_MANAGE),
        refusal=explained(refusal) if refusal else None,
    )
    if revealed:
        answer.headers["Refresh"] = f"60; url={url_for('.show', user_id=user_id)}"
    return answer
