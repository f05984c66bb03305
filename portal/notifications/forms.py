"""Forms of the message log."""

from datetime import datetime, time, timedelta
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import DataRequired, Length, ValidationError

from portal.notifications.models import Filters
from portal.shared.clock import WIB
from portal.web.forms import CANONICAL_UUID, Command, DayField, Form, NoteField, TextField, choices

CATEGORIES = {"payment": _l("Payment"), "loan": _l("Loan"), "kyc": _l("KYC"), "other": _l("Other")}
CHANNELS = {"sms": _l("SMS"), "email": _l("Email"), "push": _l("Push")}
STATUSES = {
    "failed": _l("Failed"),
    "pending": LazyString(lambda: pgettext("message", "Pending")),  # waits for no decision, as other pending ones do
    "sent": _l("Sent"),
}
OUTCOMES = {
    "sent": _l("Handed over"),
    "temporary": _l("Not taken for now"),
    "permanent": _l("Refused"),
    "technical": _l("Provider out of order"),
    "timeout": _l("No answer in time"),
    "unknown": _l("Nobody knows whether it arrived"),
}
EVENTS = {"delivered": _l("Arrived"), "bounced": _l("Came back")}
VERDICTS = {
    "inactive": _l("Inactive customer"),
    "no_address": _l("No address"),
    "permanent": _l("Bad address"),
    "stale": _l("Outdated"),
    "newer": _l("Newer was sent"),
    "too_soon": _l("Just tried"),
    "too_often": _l("Tried 3 times"),
    "window": _l("Scheduled"),
    "sent": _l("Needs a reason"),
    "yes": _l("May be resent"),
}


class FilterForm(FlaskForm):  # a GET form: the address holds no person, only his id
    """What the log is narrowed to, in the address."""

    class Meta:
        csrf = False

    status = SelectField(_l("Status"), choices=choices(("", _l("All")), *STATUSES.items()), validate_choice=False)
    category = SelectField(_l("Category"), choices=choices(("", _l("All")), *CATEGORIES.items()), validate_choice=False)
    channel = SelectField(
        _l("Channel"), choices=choices(("", _l("All")), *CHANNELS.items()), validate_choice=False, name="type"
    )
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")
    user = HiddenField()
    loan = HiddenField()

    def validate_status(self, field: SelectField) -> None:
        _require(field, STATUSES)

    def validate_category(self, field: SelectField) -> None:
        _require(field, CATEGORIES)

    def validate_channel(self, field: SelectField) -> None:
        _require(field, CHANNELS)

    def validate_user(self, field: HiddenField) -> None:
        if field.data and not CANONICAL_UUID.fullmatch(field.data):
            raise ValidationError(_("This is no customer id. Look the customer up by phone or email."))

    def validate_loan(self, field: HiddenField) -> None:
        if field.data and not CANONICAL_UUID.fullmatch(field.data):
            raise ValidationError(_("This is no loan id. Open the loan from the list."))

    def validate_until(self, field: DayField) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("Choose a day on or after the first."))

    def filters(self) -> Filters:
        """Days are WIB days, the last one included."""
        return Filters(
            status=self.status.data or None,
            category=self.category.data or None,
            channel=self.channel.data or None,
            user_id=UUID(self.user.data) if self.user.data else None,
            loan_id=UUID(self.loan.data) if self.loan.data else None,
            since=datetime.combine(self.since.data, time(), WIB) if self.since.data else None,
            until=datetime.combine(self.until.data, time(), WIB) + timedelta(days=1) if self.until.data else None,
        )


class ResendForm(Command):
    """Why a message goes out again, and that a newer one was seen."""

    reason = NoteField(_l("Reason"), validators=[Length(max=500, message=_l("Use at most %(max)d characters."))])
    confirmed = BooleanField(_l("Send it although a newer one was sent"))


class RevealForm(Form):
    """Why somebody looks at an address."""

    why = SelectField(
        _l("Why"),
        choices=choices(
            ("DELIVERY", _l("A message did not arrive")),
            ("CALL_BACK", _l("The customer asked to be called")),
            ("VERIFY_IDENTITY", _l("To check who is calling")),
            ("OTHER", _l("Another reason")),
        ),
    )
    text = TextField(
        _l("What for"),
        validators=[
            DataRequired(_l("Write what you need it for.")),
            Length(max=500, message=_l("Use at most %(max)d characters.")),
        ],
    )


def _require(field: SelectField, known: dict[str, str]) -> None:
    if field.data and field.data not in known:
        raise ValidationError(_("Choose one of the list."))
