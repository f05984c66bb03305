"""Forms of a message."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField

from portal.notifications.record import REASONS
from portal.web.forms import Command, Form, NoteField, TextField, choices


class ResendForm(Command):
    """Why a message goes out again, and that a newer one was seen."""

    reason = NoteField(_l("Reason"))
    confirmed = BooleanField(_l("Send it although a newer one was sent"))


class RevealForm(Form):
    """Why somebody looks at an address."""

    why = SelectField(
        _l("Why"), choices=choices(*((code, _l(word)) for code, word in REASONS.items())), validate_choice=False
    )
    text = TextField(_l("What for"))
