"""One loan: how it stands, and its review history."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue

from portal.loans import book
from portal.loans import loan as loans
from portal.loans.views import bp
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.forms import CANONICAL_UUID
from portal.web.render import render

PARTS = {"show": "loans/_loan.html", "history": "loans/_history.html", "payments": "loans/_payments.html"}


def fetch(loan_id: UUID) -> loans.LoanPage:
    """The loan as this person may see it."""
    actor = current_actor()
    return loans.show(loan_id, actor=actor, sees_scores=actor.may(Permission.SCORE_READ))


def page_of(part: str, loan: loans.LoanPage, **context: Any) -> Response:
    """One of a loan's pages, with what this person may do and see on it."""
    may = current_actor().may
    return render(
        "loans/loan.html",
        fragment=PARTS[part],
        body=PARTS[part],
        loan=loan,
        part=part,
        may_post=may(Permission.PAYMENT_POST),
        may_correct=may(Permission.PAYMENT_CORRECT),
        sees_scores=may(Permission.SCORE_READ),
        sees_kyc=may(Permission.KYC_STATUS),
        sees_messages=may(Permission.MESSAGE_PANEL),
        **context,
    )


def asked_id(name: str) -> UUID | None:
    """An id in the address."""
    text = request.args.get(name, "")
    return UUID(text) if CANONICAL_UUID.fullmatch(text) else None


@bp.get("/<uuid:loan_id>")
@requires(Permission.LOAN_READ)
def show(loan_id: UUID) -> ResponseReturnValue:
    return page_of("show", fetch(loan_id))


@bp.get("/<uuid:loan_id>/history")
@requires(Permission.LOAN_READ)
def history(loan_id: UUID) -> ResponseReturnValue:
    loan, entry_id = fetch(loan_id), asked_id("as_of")
    return page_of("history", loan, then=loans.as_of(loan, entry_id) if entry_id else None)


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.LOAN_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    """A customer's loans, for other pages."""
    found = book.of_customer(user_id)
    return render("loans/of_customer.html", fragment="loans/_panel.html", loans=found, user_id=user_id)
