"""Applications as they come in: as a use case, and by `flask intake loan`."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from portal.loans.intake import submit
from portal.loans.models import Loan
from portal.shared import clock
from portal.shared.database import db
from portal.shared.errors import Refused
from portal.shared.vocabulary import Activity
from portal.users.models import Profile
from tests.client import at_once
from tests.factories import audit_events, make_customer
from tests.loans.book import differences, history_of, loan_of
from tests.portals import settings

DUE = date(2027, 1, 25)
TWO_DECIMALS = "Write the amount in rupiah with at most two decimals."
TOO_MUCH = "The largest amount the books can hold is Rp99.999.999,99. Enter less."
TOO_LITTLE = "The smallest loan is Rp100.000. Enter more."
TENOR = "The tenor is a whole number of months from 1 to 60."
NOBODY = "There is no active customer with this id. Check the id."
UNLIKE = "The line is not as docs/interface.md describes it."
MISSING = "A field is missing: the line needs all that docs/interface.md names."
FAR = "Enter a first due date between the years 1900 and 2200."


def hand_over(**given):
    values = {"loan_amount": Decimal("24000000.00"), "tenor_month": 12, "first_due_date": DUE, **given}
    return submit(user_id=values.pop("user_id", None) or make_customer(), **values)


def count():
    db.session.rollback()
    return db.session.query(Loan).count()


def nothing_written():
    return count() == 0 and audit_events() == []


def test_an_application_is_a_pending_loan_with_its_first_entry(in_app):
    customer = make_customer()
    loan_id = hand_over(user_id=customer, loan_amount=Decimal("10000000.50"), tenor_month=7)
    loan = loan_of(loan_id)
    assert (loan.user_id, loan.loan_amount, loan.tenor_month) == (customer, Decimal("10000000.50"), 7)
    assert (loan.status, loan.version) == ("pending", 1)
    assert (loan.monthly_installment_amount, loan.monthly_installment_due_date) == (Decimal("1428571.50"), DUE)
    (entry,) = history_of(loan_id)
    assert (entry.old_data, entry.status, entry.credit_score) == ({}, "pending", None)
    assert entry.new_data == {
        "loan": {
            "user_id": str(customer),
            "loan_amount": "10000000.50",
            "tenor_month": 7,
            "status": "pending",
            "monthly_installment_amount": "1428571.50",
            "monthly_installment_due_date": "2027-01-25",
            "approved_at": None,
            "rejected_at": None,
            "rejected_reason": None,
        },
        "_meta": {
            "event": "loan.submitted",
            "actor_id": None,
            "actor_role": None,
            "reason_codes": [],
            "note": None,
        },
    }
    (event,) = audit_events()
    assert (event.action, event.subject, event.of_user) == ("loan.submitted", loan_id, customer)
    assert (event.actor_id, event.details) == (None, {})
    assert differences() == {}


@pytest.mark.parametrize("amount", ["100000.00", "100000.01", "99999999.99"])
def test_the_smallest_and_the_largest_are_taken(in_app, amount):
    assert loan_of(hand_over(loan_amount=Decimal(amount))).loan_amount == Decimal(amount)


REFUSED = {
    "just too large": ({"loan_amount": Decimal("100000000.00")}, TOO_MUCH),
    "far too large": ({"loan_amount": Decimal("1e30")}, TOO_MUCH),
    "just too small": ({"loan_amount": Decimal("99999.99")}, TOO_LITTLE),
    "zero": ({"loan_amount": Decimal(0)}, TOO_LITTLE),
    "negative": ({"loan_amount": Decimal(-1)}, TOO_LITTLE),
    "three decimals": ({"loan_amount": Decimal("100000.001")}, TWO_DECIMALS),
    "no number": ({"loan_amount": Decimal("NaN")}, TWO_DECIMALS),
    "a signalling no number": ({"loan_amount": Decimal("sNaN")}, TWO_DECIMALS),
    "infinity": ({"loan_amount": Decimal("Infinity")}, TWO_DECIMALS),
    "no month": ({"tenor_month": 0}, TENOR),
    "61 months": ({"tenor_month": 61}, TENOR),
    "-1 months": ({"tenor_month": -1}, TENOR),
    "the year 1899": ({"first_due_date": date(1899, 12, 31)}, FAR),
    "the year 9999": ({"first_due_date": date(9999, 12, 31)}, FAR),
}


def test_what_the_books_cannot_hold_is_refused_with_a_sentence(in_app):
    customer = make_customer()
    for case, (given, sentence) in REFUSED.items():
        with pytest.raises(Refused) as refused:
            hand_over(user_id=customer, **given)
        assert refused.value.message % refused.value.parameters == sentence, case
    assert nothing_written()


def test_the_smallest_loan_is_a_setting(in_app):
    with settings(smallest_loan=Decimal(500_000)):
        with pytest.raises(Refused) as refused:
            hand_over(loan_amount=Decimal("499999.99"))
        assert refused.value.message % refused.value.parameters == "The smallest loan is Rp500.000. Enter more."
        assert hand_over(loan_amount=Decimal(500_000))


@pytest.mark.parametrize(
    "customer",
    [lambda: uuid4(), lambda: make_customer(status=Activity.INACTIVE), lambda: make_customer(deleted_at=clock.now())],
    ids=["unknown", "inactive", "deleted"],
)
def test_only_an_active_customer_may_apply(in_app, customer):
    with pytest.raises(Refused) as refused:
        hand_over(user_id=customer())
    assert refused.value.message == NOBODY
    assert nothing_written()


def test_the_same_application_handed_over_twice_is_taken_in_once(in_app):
    loan_id, customer = uuid4(), make_customer()
    assert [hand_over(loan_id=loan_id, user_id=customer) for _ in range(2)] == [loan_id] * 2
    assert count() == 1
    assert len(history_of(loan_id)) == 1
    assert len(audit_events("loan.submitted")) == 1


def test_the_same_application_handed_over_five_times_at_once_is_taken_in_once(in_app):
    loan_id, customer = uuid4(), make_customer()

    def hand_over_in_app():
        with in_app.app_context():
            return hand_over(loan_id=loan_id, user_id=customer)

    assert at_once(*[hand_over_in_app] * 5) == [loan_id] * 5
    assert count() == 1
    assert len(history_of(loan_id)) == 1


def test_it_is_still_the_same_when_the_customer_has_left_meanwhile(in_app):
    loan_id, customer = uuid4(), make_customer()
    hand_over(loan_id=loan_id, user_id=customer)
    db.session.get(Profile, customer).status = Activity.INACTIVE
    db.session.commit()
    assert hand_over(loan_id=loan_id, user_id=customer) == loan_id


# `flask intake loan FILE`


def line(**given):
    values = {
        "user_id": str(given.pop("user_id", None) or make_customer()),
        "loan_amount": "24000000.00",
        "tenor_month": 12,
        "first_due_date": "2027-01-25",
        **given,
    }
    return json.dumps(values)


@pytest.fixture
def run(in_app, tmp_path):
    """Run the command on these lines; its exit code and its own lines."""

    def run(*lines):
        file = tmp_path / "applications.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        result = in_app.test_cli_runner().invoke(args=["intake", "loan", str(file)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output.splitlines()

    return run


def test_the_command_prints_a_result_per_line(run):
    loan_id = uuid4()
    code, said = run(line(loan_id=str(loan_id)), line(loan_amount="100000", tenor_month=60))
    assert code == 0
    assert said[0] == f"1: taken in as {loan_id}"
    other = loan_of(UUID(said[1].removeprefix("2: taken in as ")))
    assert (other.loan_amount, other.tenor_month) == (Decimal("100000.00"), 60)


LINES = [
    ({"loan_amount": "100000000.00"}, TOO_MUCH),
    ({"loan_amount": "9999999999"}, TOO_MUCH),
    ({"loan_amount": "-1"}, TWO_DECIMALS),
    ({"loan_amount": "0"}, TOO_LITTLE),
    ({"loan_amount": "1e9"}, TWO_DECIMALS),
    ({"loan_amount": "12,5"}, TWO_DECIMALS),
    ({"loan_amount": "NaN"}, TWO_DECIMALS),
    ({"loan_amount": float("nan")}, TWO_DECIMALS),
    ({"loan_amount": "Infinity"}, TWO_DECIMALS),
    ({"loan_amount": float("-inf")}, TWO_DECIMALS),
    ({"loan_amount": "100000.001"}, TWO_DECIMALS),
    ({"loan_amount": "1_000_000"}, TWO_DECIMALS),
    ({"loan_amount": "١٠٠٠٠٠"}, TWO_DECIMALS),
    ({"loan_amount": "Rp100000"}, TWO_DECIMALS),
    ({"loan_amount": ""}, TWO_DECIMALS),
    ({"loan_amount": "9" * 5000}, TWO_DECIMALS),
    ({"loan_amount": True}, TWO_DECIMALS),
    ({"loan_amount": ["100000"]}, TWO_DECIMALS),
    ({"tenor_month": 0}, TENOR),
    ({"tenor_month": 61}, TENOR),
    ({"tenor_month": -12}, TENOR),
    ({"tenor_month": 60.5}, TENOR),
    ({"tenor_month": True}, TENOR),
    ({"tenor_month": "12"}, TENOR),
    ({"tenor_month": None}, TENOR),
    ({"tenor_month": 10**30}, TENOR),
    ({"first_due_date": "10000-01-01"}, UNLIKE),
    ({"first_due_date": "9999-01-01"}, FAR),
    ({"first_due_date": "0001-01-01"}, FAR),
    ({"first_due_date": "2027-02-30"}, UNLIKE),
    ({"first_due_date": "25-01-2027"}, UNLIKE),
    ({"first_due_date": "2027-W04-1"}, UNLIKE),
    ({"first_due_date": "20270125"}, UNLIKE),
    ({"first_due_date": 20270125}, MISSING),
    ({"user_id": "nobody"}, UNLIKE),
    ({"user_id": "9c5e1c9e-0000-4000-8000-000000000000"}, NOBODY),
    ({"loan_id": "one"}, UNLIKE),
]


def test_the_command_says_why_it_refuses_a_line(run):
    customer = make_customer()
    code, said = run(*(line(**{"user_id": customer, **given}) for given, _ in LINES))
    assert code == 1
    for number, (result, (given, why)) in enumerate(zip(said, LINES, strict=True), start=1):
        assert result == f"{number}: refused: {why}", given
    assert nothing_written()


def test_a_line_that_is_none_is_refused_and_the_next_one_is_taken(run):
    bad = {
        "{": UNLIKE,
        "": UNLIKE,
        "[]": MISSING,
        "7": MISSING,
        "null": MISSING,
        "{}": MISSING,
        "[" * 50_000: UNLIKE,
        '{"loan_amount": ' + "9" * 5000 + "}": UNLIKE,
        line().replace("2027-01-25", "2027-01-25\\u0000"): UNLIKE,
        line(user_id=make_customer(status=Activity.INACTIVE)): NOBODY,
    }
    code, said = run(*bad, line())
    assert code == 1
    assert said[:-1] == [f"{n}: refused: {why}" for n, why in enumerate(bad.values(), start=1)]
    assert said[-1].startswith(f"{len(bad) + 1}: taken in as ")
    assert count() == 1


def test_the_same_file_run_again_takes_nothing_in_twice(run):
    lines = [line(loan_id=str(uuid4())) for _ in range(2)]
    assert run(*lines) == run(*lines)
    assert count() == 2
    assert len(audit_events("loan.submitted")) == 2


def test_an_id_that_another_application_has_is_refused(run):
    loan_id = uuid4()
    run(line(loan_id=str(loan_id)))
    code, said = run(line(loan_id=str(loan_id), loan_amount="30000000.00"))
    assert (code, said) == (1, ["1: refused: Another application has this id already."])
    assert loan_of(loan_id).loan_amount == Decimal("24000000.00")
