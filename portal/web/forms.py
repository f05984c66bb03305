"""The base of every form: strict fields, a sentence for every mistake, text cleaned the same way everywhere."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from portal.shared import ids, money

CANONICAL_UUID = ids.CANONICAL_UUID
WHOLE = re.compile(r"[0-9]{1,9}")
DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")


class Form(FlaskForm):
    """A form with a CSRF token bound to the session."""


class UuidField(HiddenField):
    """A hidden canonical UUID."""

    data: UUID

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        if not CANONICAL_UUID.fullmatch(text):
            raise ValueError(_l("This form is not complete. Open the page again."))
        self.data = UUID(text)

    def pre_validate(self, form: Any) -> None:
        _require(self)


class VersionField(HiddenField):
    """A hidden row version."""

    data: int

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        if not WHOLE.fullmatch(text):
            raise ValueError(_l("This form is not complete. Open the page again."))
        self.data = int(text)

    def pre_validate(self, form: Any) -> None:
        _require(self)


class DayField(DateField):
    """A date as browsers send it, 1900 to 2199."""

    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.raw_data = [text]
        if not text:
            self.data = None
            return
        try:
            if not DAY.fullmatch(text):
                raise ValueError
            self.data = date.fromisoformat(text)
        except ValueError:
            self.data = None
            raise ValueError(_l("Write the date as year-month-day, such as 2027-03-31.")) from None


class MoneyField(StringField):
    """An amount in rupiah as a Decimal; what was typed stays in the field when it is none."""

    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data = money.parse(text)
        except ValueError:
            raise ValueError(_l("Write the amount in digits, such as 1500000 or 1666.67.")) from None
        if self.data > money.LARGEST:
            raise ValueError(_l("The largest amount the books can hold is Rp99.999.999,99."))

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:f}"


def choices(*pairs: tuple[str, Any]) -> list[SelectChoice]:
    """Values and labels of a choice field."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def clean_text(text: str | None) -> str:
    """Free text as it is kept: NFC, unix line ends, no blanks around."""
    return unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n")).strip()


class TextField(StringField):
    """One line of free text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[clean_text], **kwargs)


class NoteField(TextAreaField):
    """Several lines of free text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[clean_text], **kwargs)


class Command(Form):
    """A form that changes something: it acts once, however often it arrives."""

    command_id = UuidField()


def _require(field: Field) -> None:
    if field.data in (None, ""):
        raise ValidationError(_l("This form is not complete. Open the page again."))
