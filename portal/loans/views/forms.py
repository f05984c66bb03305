"""Forms of the payments."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField

from portal.web.forms import Command, DayField, MoneyField, NoteField, VersionField, clean_text


class PostForm(Command):
    """A payment as the bank reports it; blanks are no reference, but they are not nothing either."""

    version = VersionField()
    amount = MoneyField(_l("Amount (Rp)"))
    reference = StringField(_l("Reference"), filters=[lambda text: clean_text(text) if text else None])


class ReverseForm(Command):
    """Why a payment is taken back."""

    version = VersionField()
    reason = NoteField(_l("Reason"))


class RescheduleForm(Command):
    """Another due date, and why."""

    version = VersionField()
    due_date = DayField(_l("New due date"))
    reason = NoteField(_l("Reason"))
