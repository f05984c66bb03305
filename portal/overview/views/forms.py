"""Forms of the search and of a customer's page."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField

from portal.overview.customer import CONTACTS
from portal.overview.deletion import DELETE_REASONS
from portal.users import LOOK_REASONS, STATUS_REASONS
from portal.web.forms import Command, Form, TextField, VersionField, choices


def _reason(words: Mapping[str, str]) -> SelectField:
    """A reason that has to be chosen: none stands there before."""
    reasons = choices(("", _l("Choose a reason")), *((code, _l(word)) for code, word in words.items()))
    return SelectField(_l("Reason"), choices=reasons, validate_choice=False)


class TermForm(Form):
    """Whom or what to look for; posted, so that no personal data stand in an address."""

    term = TextField(_l("Name, phone, email or ID"))


class RevealForm(Form):
    """Which contact to show, and why."""

    field = RadioField(
        _l("Contact"), choices=choices(*((name, _l(word)) for name, word in CONTACTS.items())), validate_choice=False
    )
    reason = _reason(LOOK_REASONS)
    text = TextField(_l("What for"))


class StatusForm(Command):
    """Why a customer is blocked or let in again."""

    version = VersionField()
    reason = _reason(STATUS_REASONS)


class DeleteForm(Command):
    """Why a customer is deleted, and the beginning of the id."""

    version = VersionField()
    reason = _reason(DELETE_REASONS)
    confirmation = TextField(_l("First 8 characters of the ID"))
