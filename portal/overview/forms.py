"""Forms of the customers' room."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.web.forms import Command, Form, TextField, VersionField, choices

LONGEST_REASON = 500


class NameForm(Form):
    """Who to look for; posted, so that no personal data stand in an address."""

    term = TextField(
        _l("Name, phone, email or ID"),
        validators=[
            DataRequired(_l("Enter a name, a phone number, an email or an ID.")),
            Length(max=255, message=_l("Use at most %(max)d characters.")),
        ],
    )


class RevealForm(Form):
    """Which contact to show, and why."""

    field = RadioField(
        _l("Contact"),
        choices=choices(("phone", _l("Phone")), ("email", _l("Email"))),
        validators=[InputRequired(_l("Choose the phone or the email."))],
    )
    reason = SelectField(
        _l("Reason"),
        choices=choices(
            ("CALL_BACK", _l("The customer asked to be called")),
            ("VERIFY_IDENTITY", _l("To check who is calling")),
            ("DELIVERY", _l("A message did not arrive")),
            ("OTHER", _l("Another reason")),
        ),
    )
    text = TextField(
        _l("What for"),
        validators=[
            DataRequired(_l("Write what you need it for.")),
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )


class StatusForm(Command):
    """Why a customer is blocked or let in again: a code, so that the trail holds nothing personal."""

    version = VersionField()
    reason = SelectField(
        _l("Reason"),
        choices=choices(
            ("CUSTOMER_REQUEST", _l("The customer asked for it")),
            ("FRAUD_SUSPECTED", _l("Fraud is suspected")),
            ("CLEARED", _l("The suspicion was cleared")),
            ("MISTAKE", _l("It was a mistake")),
        ),
    )
