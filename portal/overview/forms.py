"""Forms of the customers' room."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from portal.overview.wording import DELETING, LOOKING, MANAGING
from portal.web.forms import Command, Form, TextField, VersionField, choices

LONGEST_REASON = 500


def _reason(words: Mapping[str, Any]) -> SelectField:
    """A reason that has to be chosen: none stands there before."""
    return SelectField(
        _l("Reason"),
        choices=choices(("", _l("Choose a reason")), *words.items()),
        validate_choice=False,
        validators=[AnyOf(list(words), message=_l("Choose a reason."))],
    )


class TermForm(Form):
    """Whom or what to look for; posted, so that no personal data stand in an address."""

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
        validate_choice=False,
        validators=[AnyOf(["phone", "email"], message=_l("Choose the phone or the email."))],
    )
    reason = _reason(LOOKING)
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
    reason = _reason(MANAGING)


class DeleteForm(Command):
    """Why a customer is deleted, and the beginning of the id, typed, so that no slip of the hand does it."""

    version = VersionField()
    reason = _reason(DELETING)
    confirmation = TextField(_l("First 8 characters of the ID"))

    def __init__(self, user_id: UUID, **given: Any) -> None:
        super().__init__(**given)
        self.beginning = str(user_id)[:8]

    def validate_confirmation(self, field: TextField) -> None:
        if (field.data or "").lower() != self.beginning:
            raise ValidationError(_l("Type the first 8 characters of the ID as they stand above."))
