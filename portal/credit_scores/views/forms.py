"""Forms of the credit scores."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.credit_scores.entries import WHOLE
from portal.loans import REASONS as LOAN_REASONS
from portal.shared.scoring import REASONS
from portal.web.forms import Command, Form, NoteField, VersionField, choices
from portal.web.words import translated

NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


class ScoreField(StringField):
    """A whole number without leading zeros; what was typed stays in the field when it is none."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not NUMBER.fullmatch(text):
            raise ValueError(translated(WHOLE))
        self.data = int(text)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ""


class Codes(SelectMultipleField):
    """Reasons as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, words: dict[str, str], **kwargs: Any) -> None:
        labels = choices(*((code, _l(word)) for code, word in words.items()))
        super().__init__(_l("Reasons"), choices=labels, validate_choice=False, **kwargs)


class PreviewForm(Form):
    """A score to try out."""

    score = ScoreField(_l("Score"))


class ManualForm(Command):
    """A manual score with its reasons."""

    version = VersionField()
    score = ScoreField(_l("Score"))
    reason_codes = Codes(REASONS)
    reason = NoteField(_l("Why"))


class ApproveForm(Command):
    """An approval."""

    version = VersionField()
    note = NoteField(_l("Note for colleagues"), id="approve-note")


class RejectForm(Command):
    """A rejection with its reasons."""

    version = VersionField()
    reason_codes = Codes({code: reason.label for code, reason in LOAN_REASONS.items()}, id="reject-codes")
    note = NoteField(_l("Note for colleagues"), id="reject-note")
