"""The payments of a loan: each installment opens with its form beside the list."""

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.loans import payments as acts
from portal.loans.views import bp, loan
from portal.loans.views.forms import PostForm, RescheduleForm, ReverseForm
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown

FORMS: dict[str, type[PostForm | ReverseForm | RescheduleForm]] = {
    "post": PostForm,
    "reverse": ReverseForm,
    "reschedule": RescheduleForm,
}


def payments_page(loan_id: UUID, payment_id: UUID | None = None, *, sent: Sent | None = None) -> Response:
    """The installments; one of them has a form beside it: the one that was sent, or that the address names."""
    page = loan.fetch(loan_id)
    opened_id = payment_id or loan.asked_id("open")
    act = next((act for act in FORMS if sent and type(sent.form) is FORMS[act]), request.args.get("act"))
    opened = next((line for line in page.installments if line.id == opened_id and act in FORMS), None)
    form = shown(FORMS[str(act)], sent, version=opened.version) if opened else None
    return loan.page_of("payments", page, sent=sent, opened=opened, act=act, form=form)


def _done(loan_id: UUID, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for(".payments", loan_id=loan_id), 303)


@bp.get("/<uuid:loan_id>/payments")
@requires(Permission.LOAN_READ)
def payments(loan_id: UUID) -> ResponseReturnValue:
    return payments_page(loan_id)


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/post")
@requires(Permission.PAYMENT_POST)
@command(PostForm, again=payments_page)
def post(loan_id: UUID, payment_id: UUID, form: PostForm) -> ResponseReturnValue:
    acts.post(loan_id, payment_id, read(form, acts.PostAnswers), by=form.command, actor=current_actor())
    return _done(loan_id, _("Payment posted."))


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/reverse")
@requires(Permission.PAYMENT_CORRECT)
@command(ReverseForm, again=payments_page)
def reverse(loan_id: UUID, payment_id: UUID, form: ReverseForm) -> ResponseReturnValue:
    acts.reverse(loan_id, payment_id, read(form, acts.ReverseAnswers), by=form.command, actor=current_actor())
    return _done(loan_id, _("Payment reversed. The installment is open again."))


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/reschedule")
@requires(Permission.PAYMENT_CORRECT)
@command(RescheduleForm, again=payments_page)
def reschedule(loan_id: UUID, payment_id: UUID, form: RescheduleForm) -> ResponseReturnValue:
    acts.reschedule(loan_id, payment_id, read(form, acts.RescheduleAnswers), by=form.command, actor=current_actor())
    return _done(loan_id, _("Due date changed."))
