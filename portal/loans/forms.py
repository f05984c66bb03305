"""Forms of the loans' room."""

import re
from datetime import datetime, time, timedelta
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.loans.models import LONGEST_TENOR, Filters
from portal.shared.clock import WIB
from portal.shared.vocabulary import Decision
from portal.web.forms import CANONICAL_UUID, Command, DayField, MoneyField, NoteField, TextField, VersionField, choices

TENOR = re.compile(r"[0-9]{1,2}")
LONGEST_REASON = 500


class FilterForm(FlaskForm):  # a GET form: the address holds no person, only his id
    """What the list is narrowed to, in the address."""

    class Meta:
        csrf = False

    status = SelectField(
        _l("Status"),
        choices=choices(
            ("", _l("All")), ("pending", _l("Pending")), ("approved", _l("Approved")), ("rejected", _l("Rejected"))
        ),
        validate_choice=False,
    )
    tenor = StringField(_l("Tenor (months)"))
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")
    min_amount = MoneyField(_l("From amount (Rp)"))
    max_amount = MoneyField(_l("To amount (Rp)"))
    user = HiddenField()

    def validate_tenor(self, field: StringField) -> None:
        if field.data and not (TENOR.fullmatch(field.data) and 1 <= int(field.data) <= LONGEST_TENOR):
            raise ValidationError(_("Enter a whole number of months from 1 to 60."))

    def validate_user(self, field: HiddenField) -> None:
        if field.data and not CANONICAL_UUID.fullmatch(field.data):
            raise ValidationError(_("This is no customer id. Look the customer up by phone or email."))

    def validate_status(self, field: SelectField) -> None:
        if field.data and field.data not in [*Decision]:
            raise ValidationError(_("Choose one of the statuses."))

    def validate_until(self, field: DayField) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("Choose a day on or after the first."))

    def validate_max_amount(self, field: MoneyField) -> None:
        if field.data is not None and self.min_amount.data is not None and field.data < self.min_amount.data:
            raise ValidationError(_("Enter an amount at least as large as the first."))

    def filters(self) -> Filters:
        """Days are WIB days, the last one included."""
        since = datetime.combine(self.since.data, time(), WIB) if self.since.data else None
        until = datetime.combine(self.until.data, time(), WIB) + timedelta(days=1) if self.until.data else None
        return Filters(
            status=Decision(self.status.data) if self.status.data else None,
            tenor=int(self.tenor.data) if self.tenor.data else None,
            user_id=UUID(self.user.data) if self.user.data else None,
            since=since,
            until=until,
            min_amount=self.min_amount.data,
            max_amount=self.max_amount.data,
        )


class PaymentForm(Command):
    """What every form about an installment carries."""

    version = VersionField()


class PostForm(PaymentForm):
    """A payment as the bank reports it."""

    amount = MoneyField(_l("Amount (Rp)"), validators=[InputRequired(_l("Enter the amount that was paid."))])
    reference = TextField(
        _l("Reference"),
        validators=[
            InputRequired(_l("Enter the reference of the transfer.")),
            Length(max=64, message=_l("Use 4 to 64 letters, digits, points, slashes or hyphens for the reference.")),
        ],
    )


def _reason() -> NoteField:
    return NoteField(
        _l("Reason"),
        validators=[
            InputRequired(_l("Write why, in at least 10 characters.")),
            Length(min=10, message=_l("Write why, in at least 10 characters.")),
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )


class ReasonForm(PaymentForm):
    """Why a payment is taken back."""

    reason = _reason()


class RescheduleForm(PaymentForm):
    """Another due date, and why."""

    due_date = DayField(_l("New due date"), validators=[InputRequired(_l("Choose the new due date."))])
    reason = _reason()
