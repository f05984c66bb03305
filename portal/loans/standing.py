"""Whether what a message told of a loan is still so."""

from collections.abc import Sequence
from datetime import timedelta

from portal.loans.models import PaymentStatus
from portal.loans.service import loans
from portal.notifications import Statement, checks_of
from portal.shared.clock import WIB

TOMORROW = timedelta(days=1)


def still_decided(told: Sequence[Statement]) -> list[bool]:
    """The loan stands as it was decided then."""
    statuses = loans.statuses([each.loan_id for each in told if each.loan_id])
    return [each.loan_id in statuses and statuses[each.loan_id] == each.context.get("status") for each in told]


def still_to_pay(told: Sequence[Statement]) -> list[bool]:
    """An installment is due on the day after the message would be read; or it is overdue."""
    unpaid = loans.unpaid([each.loan_id for each in told if each.loan_id])
    answers = []
    for each in told:
        tomorrow = each.at.astimezone(WIB).date() + TOMORROW
        answers.append(
            any(
                row.status is PaymentStatus.OVERDUE if each.message == "payment-overdue" else row.due_date == tomorrow
                for row in unpaid
                if row.loan_id == each.loan_id
            )
        )
    return answers


checks_of.listen(
    {
        "loan-approved": still_decided,
        "loan-rejected": still_decided,
        "payment-due-tomorrow": still_to_pay,
        "payment-overdue": still_to_pay,
    }.get
)
