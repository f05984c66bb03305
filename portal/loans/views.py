"""The loans' room: list, loan, payments, review history."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.loans import paying, picture, reading, wording
from portal.loans.forms import FilterForm, PaymentForm, PostForm, ReasonForm, RescheduleForm
from portal.permissions import Permission
from portal.shared.errors import Refusal
from portal.shared.pagination import Cursor, Page, Slice
from portal.web.access import current_actor, requires
from portal.web.csv import download
from portal.web.errors import explained, shows_again
from portal.web.forms import CANONICAL_UUID
from portal.web.render import render

bp = Blueprint("loans", __name__, url_prefix="/loans")

PARAMETERS = ("status", "tenor", "user", "from", "to", "min_amount", "max_amount")
EXPORTED = {
    "loan_id": "loan_id",
    "customer": "customer.fullname",
    "phone": "customer.phone",
    "loan_amount": "loan_amount",
    "tenor_month": "tenor_month",
    "status": "status",
    "created_at": "created_at",
    "decided_at": "decided_at",
}
WORDS = {name: getattr(wording, name) for name in ("event_word", "role_word", "code_word", "field_word", "value_word")}


@bp.get("")
@requires(Permission.LOAN_READ)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    is_valid = form.validate()
    found = reading.browse(form.filters(), part) if is_valid else reading.Found(Page([], None, None), None, None)
    return render(
        "loans/index.html",
        fragment="loans/_table.html",
        status=200 if is_valid else 422,
        filters=form,
        rows=found.page.rows,
        newer=_address(before=found.page.before) if found.page.before else None,
        older=_address(after=found.page.after) if found.page.after else None,
        search_older=_address(after=found.search_older) if found.search_older else None,
        counts=reading.count(),
        tabs=[("", _("All"), None), *((status, word, status) for status, word in _statuses())],
        export_url=url_for(".export", **_given()),
        is_filtered=bool(_given().keys() - {"status"}),
        clear_url=url_for(".index", **({"status": form.status.data} if form.status.data else {})),
        person=found.person,
    )


@bp.get("/overdue")
@requires(Permission.LOAN_READ)
def overdue() -> ResponseReturnValue:
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    page = picture.overdue(part)
    return render(
        "loans/overdue.html",
        fragment="loans/_overdue.html",
        page=page,
        earlier=url_for(".overdue", before=page.before) if page.before else None,
        later=url_for(".overdue", after=page.after) if page.after else None,
    )


@bp.get("/export.csv")
@requires(Permission.LOAN_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    form = FilterForm(request.args)
    if not form.validate():  # the list says what is wrong; to export all instead would be a surprise
        return redirect(url_for(".index", **_given()), 303)
    return download("loans.csv", EXPORTED, reading.export(form.filters(), actor=current_actor()))


@bp.get("/<uuid:loan_id>")
@requires(Permission.LOAN_READ)
def show(loan_id: UUID) -> ResponseReturnValue:
    return render("loans/show.html", fragment="loans/_loan.html", loan=_loan(loan_id), **_rights(), **WORDS)


@bp.get("/<uuid:loan_id>/history")
@requires(Permission.LOAN_READ)
def history(loan_id: UUID) -> ResponseReturnValue:
    loan, entry = _loan(loan_id), request.args.get("as_of", "")
    then = reading.as_of(loan, UUID(entry)) if CANONICAL_UUID.fullmatch(entry) else None
    return render("loans/history.html", fragment="loans/_history.html", loan=loan, then=then, **_rights(), **WORDS)


@bp.get("/<uuid:loan_id>/payments")
@requires(Permission.LOAN_READ)
def payments(loan_id: UUID) -> ResponseReturnValue:
    return _payments(loan_id)


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/post")
@requires(Permission.PAYMENT_POST)
@shows_again(lambda loan_id, payment_id, **kwargs: _payments(loan_id, opened=payment_id, act="post", **kwargs))
def post(loan_id: UUID, payment_id: UUID) -> ResponseReturnValue:
    form = PostForm()
    if not form.validate():
        return _incomplete(loan_id, payment_id, "post", form)
    paying.post(
        loan_id,
        payment_id,
        amount=form.amount.data,
        reference=form.reference.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Payment posted."))
    return redirect(url_for(".payments", loan_id=loan_id), 303)


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/reverse")
@requires(Permission.PAYMENT_CORRECT)
@shows_again(lambda loan_id, payment_id, **kwargs: _payments(loan_id, opened=payment_id, act="reverse", **kwargs))
def reverse(loan_id: UUID, payment_id: UUID) -> ResponseReturnValue:
    form = ReasonForm()
    if not form.validate():
        return _incomplete(loan_id, payment_id, "reverse", form)
    paying.reverse(
        loan_id,
        payment_id,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Payment reversed. The installment is open again."))
    return redirect(url_for(".payments", loan_id=loan_id), 303)


@bp.post("/<uuid:loan_id>/payments/<uuid:payment_id>/reschedule")
@requires(Permission.PAYMENT_CORRECT)
@shows_again(lambda loan_id, payment_id, **kwargs: _payments(loan_id, opened=payment_id, act="reschedule", **kwargs))
def reschedule(loan_id: UUID, payment_id: UUID) -> ResponseReturnValue:
    form = RescheduleForm()
    if not form.validate():
        return _incomplete(loan_id, payment_id, "reschedule", form)
    paying.reschedule(
        loan_id,
        payment_id,
        due_date=form.due_date.data,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Due date changed."))
    return redirect(url_for(".payments", loan_id=loan_id), 303)


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.LOAN_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    return render(
        "loans/of_customer.html", fragment="loans/_panel.html", loans=reading.of_customer(user_id), user_id=user_id
    )


FORMS: dict[str, Any] = {
    "post": PostForm,
    "reverse": ReasonForm,
    "reschedule": RescheduleForm,
}


def _payments(
    loan_id: UUID,
    *,
    opened: UUID | None = None,
    act: str = "",
    status: int = 200,
    refusal: Refusal | None = None,
) -> Response:
    """The installments, with the form of the one that is opened and whatever was typed into it."""
    loan = _loan(loan_id)
    act = act or request.args.get("act", "")
    asked = request.args.get("open", "")
    chosen = opened or (UUID(asked) if CANONICAL_UUID.fullmatch(asked) else None)
    line = next((line for line in loan.installments if line.id == chosen), None)
    form = _form(act, line) if line and act in FORMS else None
    return render(
        "loans/payments.html",
        fragment="loans/_payments.html",
        status=status,
        loan=loan,
        opened=line if form else None,
        act=act,
        form=form,
        refusal=explained(refusal) if refusal else None,
        **_rights(),
        **WORDS,
    )


def _incomplete(loan_id: UUID, payment_id: UUID, act: str, form: PaymentForm) -> Response:
    """The form once more with what is wrong in it; that somebody was faster counts before that."""
    version = None if form.version.errors else form.version.data
    paying.require_current(loan_id, payment_id, version=version, actor=current_actor())
    return _payments(loan_id, opened=payment_id, act=act, status=422)


def _form(act: str, line: reading.Installment) -> Any:
    """The form of that act; after a post it holds, and says, what was typed."""
    form = FORMS[act](version=line.version)
    if request.method == "POST":
        form.validate()
    return form


def _loan(loan_id: UUID) -> reading.LoanPage:
    return reading.show(loan_id, actor=current_actor(), sees_scores=_sees_scores())


def _sees_scores() -> bool:
    return current_actor().may(Permission.SCORE_READ)


def _rights() -> dict[str, Any]:
    actor = current_actor()
    return {
        "may_post": actor.may(Permission.PAYMENT_POST),
        "may_correct": actor.may(Permission.PAYMENT_CORRECT),
        "sees_scores": actor.may(Permission.SCORE_READ),
        "sees_kyc": actor.may(Permission.KYC_STATUS),
        "sees_messages": actor.may(Permission.MESSAGE_PANEL),
    }


def _statuses() -> list[tuple[str, str]]:
    return [("pending", _("Pending")), ("approved", _("Approved")), ("rejected", _("Rejected"))]


def _given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}


def _address(**cursor: Cursor | None) -> str:
    name, place = next(iter(cursor.items()))
    return url_for(".index", **{**_given(), name: str(place)})
