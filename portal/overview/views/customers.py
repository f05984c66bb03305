"""Customers: list and search, a customer's page, a contact in full, blocking and deleting."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import users
from portal.overview import customer as customers
from portal.overview import deletion, search
from portal.overview.views.forms import DeleteForm, RevealForm, StatusForm, TermForm
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.lists import EVERYTHING
from portal.shared.pagination import Page
from portal.shared.vocabulary import Activity
from portal.users import CUSTOMERS, Person, StatusAnswers
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.lists import ListPage, list_page, show_list
from portal.web.render import render

bp = Blueprint("customers", __name__, url_prefix="/customers")

SHOWN = timedelta(seconds=60)


def found_page(*, sent: Sent, found: list[Person] | None = None) -> Response:
    """The list with what was found instead of all."""
    listed = ListPage(CUSTOMERS, EVERYTHING, Page(found or []), {}, "customers.index")
    is_cut = len(listed.rows) >= users.MAX_HITS
    return render("customers/index.html", sent=sent, list=listed, form=shown(TermForm, sent), is_cut=is_cut)


def customer_page(user_id: UUID, *, sent: Sent | None = None, revealed: Mapping[str, str] | None = None) -> Response:
    """The page of one customer; a contact shown in full leaves it after a minute."""
    if gone := _deleted_page(user_id, sent):
        return gone
    page = customers.show(user_id, actor=current_actor())
    return render(
        "customers/show.html",
        sent=sent,
        page=page,
        form=shown(RevealForm, sent),
        status_form=shown(StatusForm, sent, version=page.customer.version),
        revealed=revealed or {},
        hides_at=clock.now() + SHOWN,
        seconds=int(SHOWN.total_seconds()),
    )


def delete_page(user_id: UUID, *, sent: Sent | None = None) -> Response:
    if gone := _deleted_page(user_id, sent):
        return gone
    customer = users.customer(user_id)
    form = shown(DeleteForm, sent, version=customer.version)
    return render("customers/delete.html", sent=sent, customer=customer, form=form)


def _deleted_page(user_id: UUID, sent: Sent | None) -> Response | None:
    """For an administrator that, when, by whom and why a customer was deleted; the others find nothing there."""
    gone = deletion.deletion_of(user_id) if current_actor().may(Permission.CUSTOMER_MANAGE) else None
    return render("customers/deleted.html", sent=sent, deletion=gone) if gone else None


@bp.get("")
@requires(Permission.CUSTOMER_READ)
def index() -> ResponseReturnValue:
    return show_list(
        "customers/index.html", list_page(CUSTOMERS), fragment="customers/_table.html", form=shown(TermForm)
    )


@bp.post("")
@requires(Permission.CUSTOMER_READ)
@command(TermForm, again=found_page)
def find(form: TermForm) -> ResponseReturnValue:
    return found_page(sent=Sent(form), found=search.find(read(form, search.TermAnswers)))


@bp.get("/<uuid:user_id>")
@requires(Permission.CUSTOMER_READ)
def show(user_id: UUID) -> ResponseReturnValue:
    answer = customer_page(user_id)
    customers.note_opening(user_id, actor=current_actor())
    return answer


@bp.post("/<uuid:user_id>/reveal")
@requires(Permission.CONTACT_REVEAL)
@command(RevealForm, again=customer_page)
def reveal(user_id: UUID, form: RevealForm) -> ResponseReturnValue:
    contact = customers.reveal(user_id, read(form, customers.RevealAnswers), actor=current_actor())
    return customer_page(user_id, revealed={form.field.data: contact})


@bp.post("/<uuid:user_id>/deactivate")
@requires(Permission.CUSTOMER_MANAGE)
@command(StatusForm, again=customer_page)
def deactivate(user_id: UUID, form: StatusForm) -> ResponseReturnValue:
    return _set_status(user_id, form, Activity.INACTIVE, _("The customer is deactivated."))


@bp.post("/<uuid:user_id>/activate")
@requires(Permission.CUSTOMER_MANAGE)
@command(StatusForm, again=customer_page)
def activate(user_id: UUID, form: StatusForm) -> ResponseReturnValue:
    return _set_status(user_id, form, Activity.ACTIVE, _("The customer is active again."))


def _set_status(user_id: UUID, form: StatusForm, status: Activity, said: str) -> ResponseReturnValue:
    users.set_status(user_id, status, read(form, StatusAnswers), by=form.command, actor=current_actor())
    flash(said)
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.get("/<uuid:user_id>/delete")
@requires(Permission.CUSTOMER_MANAGE, is_fresh=True)
def confirm_delete(user_id: UUID) -> ResponseReturnValue:
    return delete_page(user_id)


@bp.post("/<uuid:user_id>/delete")
@requires(Permission.CUSTOMER_MANAGE, is_fresh=True)
@command(DeleteForm, again=delete_page)
def delete(user_id: UUID, form: DeleteForm) -> ResponseReturnValue:
    deletion.delete(user_id, read(form, deletion.DeleteAnswers), by=form.command, actor=current_actor())
    flash(_("The customer is deleted."))
    return redirect(url_for(".show", user_id=user_id), 303)


from portal.overview.views import timeline  # noqa: E402, F401  it adds its route
