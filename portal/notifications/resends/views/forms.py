"""Forms of the bulk resend."""

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.fields import Field
from wtforms.validators import Length, ValidationError

from portal.notifications.resends.batches import Batch
from portal.notifications.resends.models import BatchState
from portal.web.forms import CANONICAL_UUID, WHOLE, Command, NoteField, VersionField


class IdsField(Field):
    """Ids that were ticked; whatever else was sent is left out."""

    data: list[UUID]

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [UUID(text) for text in dict.fromkeys(valuelist) if CANONICAL_UUID.fullmatch(text)]


class SelectForm(Command):
    """The messages that were ticked, or all that the filters beside it match."""

    message = IdsField(default=list)
    all = BooleanField()


class BatchForm(Command):
    """A bulk resend as it was looked at."""

    version = VersionField()


class ConfirmForm(BatchForm):
    """The number of messages, typed by whoever sends them, and why."""

    reason = NoteField(_l("Reason"), validators=[Length(max=500, message=_l("Use at most %(max)d characters."))])
    number = StringField(_l("Number of messages"))

    def __init__(self, batch: Batch, **given: Any) -> None:
        super().__init__(**given)
        self.batch = batch

    @property
    def _is_open(self) -> bool:
        """Otherwise somebody was faster, or it is the same form once more, and that is what there is to say."""
        return self.batch.state is BatchState.COUNTED

    def validate_reason(self, field: NoteField) -> None:
        if self._is_open and self.batch.needs_reason and not field.data:
            raise ValidationError(_("Some were sent before. Write why they go out again."))

    def validate_number(self, field: StringField) -> None:
        typed = (field.data or "").strip().replace(".", "").replace(",", "")
        if self._is_open and (not WHOLE.fullmatch(typed) or int(typed) != self.batch.ready):
            raise ValidationError(_("Type the number of messages that can go out, as it stands above."))
