"""The customers' room: list, search, a customer's page, contact in full, blocking and deleting."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import users
from portal.overview import deleting, service, timeline, wording
from portal.overview.forms import DeleteForm, RevealForm, StatusForm, TermForm
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.errors import Refusal
from portal.shared.pagination import Cursor, Page, Slice
from portal.shared.vocabulary import Activity
from portal.web.access import current_actor, requires
from portal.web.errors import explained, shows_again
from portal.web.render import render

bp = Blueprint("customers", __name__, url_prefix="/customers")

SHOWN = timedelta(seconds=60)
PANELS = (
    ("loans.of_customer", "loans", _l("Loans"), Permission.LOAN_READ),
    ("credit_scores.of_customer", "scores", _l("Credit scores"), Permission.SCORE_READ),
    ("notifications.of_customer", "messages", _l("Messages"), Permission.MESSAGE_READ),
    ("kyc.of_customer", "kyc", _l("Identity checks"), Permission.KYC_STATUS),
)


@bp.get("")
@requires(Permission.CUSTOMER_READ)
def index() -> ResponseReturnValue:
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    return _list(TermForm(), users.newest(part))


@bp.post("")
@requires(Permission.CUSTOMER_READ)
def search() -> ResponseReturnValue:
    form = TermForm()
    if not form.validate():
        return _list(form, Page([], None, None), status=422)
    found = users.find(form.term.data)
    return _list(form, Page(found, None, None), is_narrow=len(found) < users.MAX_HITS)


@bp.get("/<uuid:user_id>")
@requires(Permission.CUSTOMER_READ)
def show(user_id: UUID) -> ResponseReturnValue:
    answer = _page(user_id)
    service.note_opening(user_id, actor=current_actor())
    return answer


@bp.get("/<uuid:user_id>/timeline")
@requires(Permission.CUSTOMER_READ)
def timeline_of(user_id: UUID) -> ResponseReturnValue:
    actor, after = current_actor(), request.args.get("after")
    customer = users.customer(user_id)
    told = timeline.page(user_id, before=Cursor.parse(after) if after else None, actor=actor)
    service.note_opening(user_id, actor=actor)
    return render(
        "customers/timeline.html",
        customer=customer,
        told=told,
        newest=url_for(".timeline_of", user_id=user_id) if after else None,
        older=url_for(".timeline_of", user_id=user_id, after=told.older) if told.older else None,
        address_of=lambda one: wording.address_of(one, actor),
        look_of=wording.look_of,
        facts_of=wording.facts_of,
        missing_word=wording.missing_word,
    )


@bp.post("/<uuid:user_id>/reveal")
@requires(Permission.CONTACT_REVEAL)
@shows_again(lambda user_id, **kwargs: _page(user_id, **kwargs))
def reveal(user_id: UUID) -> ResponseReturnValue:
    form = RevealForm()
    if not form.validate():
        return _page(user_id, status=422, form=form)
    field = form.field.data
    value = service.reveal(user_id, field, reason=form.reason.data, text=form.text.data, actor=current_actor())
    return _page(user_id, revealed={field: value})


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


@bp.get("/<uuid:user_id>/delete")
@requires(Permission.CUSTOMER_MANAGE, is_fresh=True)
def confirm_delete(user_id: UUID) -> ResponseReturnValue:
    return _delete_page(user_id)


@bp.post("/<uuid:user_id>/delete")
@requires(Permission.CUSTOMER_MANAGE, is_fresh=True)
@shows_again(lambda user_id, **kwargs: _delete_page(user_id, **kwargs))
def delete(user_id: UUID) -> ResponseReturnValue:
    form = DeleteForm(user_id)
    if not form.validate():
        return _delete_page(user_id, status=422, form=form)
    deleting.delete(
        user_id,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("The customer is deleted."))
    return redirect(url_for(".show", user_id=user_id), 303)


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
    flash(_("The customer is active again.") if status is Activity.ACTIVE else _("The customer is deactivated."))
    return redirect(url_for(".show", user_id=user_id), 303)


def _list(form: TermForm, page: Page[users.Person], *, status: int = 200, is_narrow: bool = True) -> Response:
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
    """The page of one customer; a contact shown in full leaves it after a minute."""
    actor = current_actor()
    if deleted := _deleted(user_id, refusal):
        return deleted
    customer = users.customer(user_id)
    return render(
        "customers/show.html",
        status=status,
        customer=customer,
        panels=[
            (key, title, url_for(endpoint, user_id=user_id))
            for endpoint, key, title, permission in PANELS
            if actor.may(permission)
        ],
        is_identified=service.is_identified(user_id),
        form=form or RevealForm(formdata=None),
        status_form=status_form or StatusForm(version=customer.version),
        revealed=revealed or {},
        hides_at=clock.now() + SHOWN,
        seconds=int(SHOWN.total_seconds()),
        may_reveal=service.may_reveal(user_id, actor=actor),
        may_manage=actor.may(Permission.CUSTOMER_MANAGE),
        looks=service.looks_at(user_id) if actor.may(Permission.CUSTOMER_MANAGE) else [],
        refusal=explained(refusal) if refusal else None,
        **wording.WORDS,
    )


def _delete_page(
    user_id: UUID, *, status: int = 200, refusal: Refusal | None = None, form: DeleteForm | None = None
) -> Response:
    if deleted := _deleted(user_id, refusal):
        return deleted
    customer = users.customer(user_id)
    form = form or DeleteForm(user_id, version=customer.version)
    return render(
        "customers/delete.html",
        status=status,
        customer=customer,
        form=form,
        refusal=explained(refusal) if refusal else None,
    )


def _deleted(user_id: UUID, refusal: Refusal | None = None) -> Response | None:
    """For an administrator that, when, by whom and why a customer was deleted; the others find nothing there."""
    deletion = deleting.deletion_of(user_id) if current_actor().may(Permission.CUSTOMER_MANAGE) else None
    if deletion is None:
        return None
    return render(
        "customers/deleted.html",
        status=refusal.status if refusal else 200,
        deletion=deletion,
        reason_word=wording.reason_word,
        refusal=explained(refusal) if refusal else None,
    )
