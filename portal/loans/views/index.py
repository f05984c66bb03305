"""The lists of the book: all loans, and the installments that are overdue."""

from flask.typing import ResponseReturnValue

from portal.loans import book
from portal.loans.views import bp
from portal.permissions import Permission
from portal.web.access import requires
from portal.web.lists import download_list, list_page, show_list


@bp.get("")
@requires(Permission.LOAN_READ)
def index() -> ResponseReturnValue:
    return show_list("loans/index.html", list_page(book.LOANS, book.count()), fragment="loans/_table.html")


@bp.get("/export.csv")
@requires(Permission.LOAN_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    return download_list(book.LOANS)


@bp.get("/overdue")
@requires(Permission.LOAN_READ)
def overdue() -> ResponseReturnValue:
    return show_list("loans/overdue.html", list_page(book.OVERDUE), fragment="loans/_overdue.html")
