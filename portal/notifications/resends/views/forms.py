"""Forms of the bulk resend."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.fields import Field

from portal.web.forms import CANONICAL_UUID, WHOLE, Command, NoteField, VersionField


class IdsField(Field):
    """Ids that were ticked; whatever else was sent is left out."""

    data: list[UUID]

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [UUID(text) for text in dict.fromkeys(valuelist) if CANONICAL_UUID.fullmatch(text)]


class NumberField(StringField):
    """A number with or without points; what was typed stays in the field, and None is no number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist[0] if valuelist else "").strip().replace(".", "").replace(",", "")
        self.data = int(typed) if WHOLE.fullmatch(typed) else None

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ""


class SelectForm(Command):
    """The messages that were ticked, or all that the filters beside it match."""

    message = IdsField(default=list)
    all = BooleanField()


class BatchForm(Command):
    """A bulk resend as it was looked at."""

    version = VersionField()


class ConfirmForm(BatchForm):
    """The number of messages, typed by whoever sends them, and why."""

    reason = NoteField(_l("Reason"))
    number = NumberField(_l("Number of messages"))
