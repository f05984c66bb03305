"""Forms of the identity checks."""

from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, Form, FormField, RadioField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.kyc.decisions import DIFFERENT, NO, SAME, YES
from portal.kyc.models import CHECKLIST, STILL_VALID, DocumentType
from portal.kyc.reasons import REASONS
from portal.kyc.workspace import CheckPage
from portal.web.forms import CANONICAL_UUID, Command, DayField, NoteField, TextField, UuidField, VersionField, choices
from portal.web.forms import Form as PortalForm

TWIN = "duplicates-"


def _yes_or_no(label: str) -> RadioField:
    """Nothing is chosen before somebody does."""
    return RadioField(_l(label), choices=choices((YES, _l("Yes")), (NO, _l("No"))), validate_choice=False)


ChecksForm = type("ChecksForm", (Form,), {name: _yes_or_no(label) for name, label in CHECKLIST.items()})


class HeldForm(Command):
    """What every form of the workspace carries."""

    version = VersionField()
    lease_token = UuidField()


class VerifyForm(HeldForm):
    """All that must hold before a document is verified; one more field for each twin, named by its check."""

    number_unreadable = BooleanField(_l("The number cannot be read"))
    checks = FormField(ChecksForm)
    expires_on = DayField(_l("Valid until"))

    def __init__(self, formdata: Any = None, **fresh: Any) -> None:
        super().__init__(formdata, **fresh)
        twins = [name.removeprefix(TWIN) for name in formdata or () if name.startswith(TWIN)]
        self.twins = {twin: self._twin(twin, formdata) for twin in twins if CANONICAL_UUID.fullmatch(twin)}

    def fit(self, check: CheckPage) -> Self:
        """Ask what this check asks for, and no more."""
        if check.document_type is not DocumentType.SIM:
            del self.expires_on
            del self.checks.form[STILL_VALID]
        asked = [str(row.kyc_id) for row in check.duplicates]
        self.twins = {twin: self.twins.get(twin) or self._twin(twin, None) for twin in asked}
        return self

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page, where the twins stand before the checklist."""
        for field in super().__iter__():
            if field is self.checks:
                yield from self.twins.values()
            yield field

    @property
    def duplicates(self) -> dict[UUID, str]:
        """What was answered about each twin."""
        return {UUID(twin): field.data for twin, field in self.twins.items()}

    def _twin(self, twin: str, formdata: Any) -> RadioField:
        words = choices((SAME, _("Same person")), (DIFFERENT, _("Not the same person")))
        field = RadioField(choices=words, validate_choice=False).bind(form=self, name=TWIN + twin)
        field.process(formdata)
        return field


class ReasonsField(SelectMultipleField):
    """Checkboxes for the reason codes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def iter_choices(self) -> Iterator[Any]:
        self.choices = choices(*((code, _(reason.label)) for code, reason in REASONS.items()))
        return super().iter_choices()  # type: ignore[no-any-return]


class RejectForm(HeldForm):
    """One to four reasons, what the customer reads, and a note they do not."""

    reason_codes = ReasonsField(validate_choice=False)
    customer_text = NoteField(_l("What the customer reads"))
    internal_note = NoteField(_l("Note for staff"))


class NumberForm(Command):
    """The number as the reviewer reads it, and the claim it belongs to."""

    number = StringField()
    lease_token = UuidField()


class LeaseForm(PortalForm):
    """Which claim is meant."""

    lease_token = UuidField()


class NextForm(Command):
    """Behind which place of the queue to go on; empty for the oldest."""

    after = StringField()


class ExpireForm(Command):
    """Why a verified document no longer counts."""

    version = VersionField()
    reason = TextField(_l("Reason"))
