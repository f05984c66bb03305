"""The base of every form: strict fields, a sentence for every mistake, text cleaned the same way everywhere."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import DateField, Field, FormField, HiddenField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from portal.shared import ids, money
from portal.shared.errors import INCOMPLETE
from portal.shared.fields import TOO_MUCH, WRONG_AMOUNT, read_day
from portal.web.words import translated

CANONICAL_UUID = ids.CANONICAL_UUID
WHOLE = re.compile(r"[0-9]{1,9}")


class Form(FlaskForm):
    """A form with a CSRF token bound to the session. It reads types; what is right is for the use case to say."""

    def leaves(self) -> Iterator[Field]:
        """Every field, those of forms inside this one too."""
        for field in self:
            yield from field if isinstance(field, FormField) else (field,)

    def unread(self) -> dict[str, str]:
        """A sentence for each field that could not be read."""
        return {field.name: str(field.errors[0]) for field in self.leaves() if field.errors}

    def place(self, sentences: Mapping[str, str]) -> list[str]:
        """Put each sentence beside its field; returns, once each, those of fields that nobody sees."""
        seen = {field.name: field for field in self.leaves() if not isinstance(field, HiddenField)}
        for name in sentences.keys() & seen.keys():
            seen[name].errors = [translated(sentences[name])]
        return list(dict.fromkeys(translated(said) for name, said in sentences.items() if name not in seen))


class UuidField(HiddenField):
    """A hidden canonical UUID."""

    data: UUID

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        if not CANONICAL_UUID.fullmatch(text):
            raise ValueError(translated(INCOMPLETE))
        self.data = UUID(text)

    def pre_validate(self, form: Any) -> None:
        _require(self)


class VersionField(HiddenField):
    """A hidden row version."""

    data: int

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        if not WHOLE.fullmatch(text):
            raise ValueError(translated(INCOMPLETE))
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
        self.data = None
        try:
            self.data = read_day(text)
        except ValueError as error:
            raise ValueError(translated(str(error))) from None


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
            raise ValueError(translated(WRONG_AMOUNT)) from None
        if self.data > money.LARGEST:
            raise ValueError(translated(TOO_MUCH))

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

    @property
    def command(self) -> UUID | None:
        """Its id; None when it came without one, which no page of ours does."""
        return self.command_id.data if isinstance(self.command_id.data, UUID) else None


def _require(field: Field) -> None:
    if field.data in (None, ""):
        raise ValidationError(translated(INCOMPLETE))
