"""Forms of the identity checks' room."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.kyc import reasons
from portal.kyc.browsing import Filters, waiting_target
from portal.kyc.deciding import DIFFERENT, SAME, STILL_VALID
from portal.kyc.models import DecisionFilters, DocumentType, KycStatus
from portal.kyc.reading import Workspace
from portal.shared import clock
from portal.shared.ages import age_of
from portal.shared.clock import WIB
from portal.web.ages import age_choices
from portal.web.forms import CANONICAL_UUID, Command, DayField, NoteField, TextField, UuidField, VersionField, choices

YES, NO = "yes", "no"
LONGEST_TEXT, LONGEST_NOTE = 600, 2000


class FilterForm(FlaskForm):
    """What the queue is narrowed to, in the address; an unknown value counts as none."""

    class Meta:
        csrf = False

    status = SelectField(choices=[*KycStatus], validate_choice=False)
    document_type = SelectField(
        _l("Document"),
        choices=choices(("", _l("All")), ("ktp", "KTP"), ("sim", "SIM"), ("npwp", "NPWP")),
        validate_choice=False,
    )
    flag = SelectField(
        _l("Flag"),
        choices=choices(("", _l("Any")), ("duplicate", _l("Same document elsewhere"))),
        validate_choice=False,
    )
    held = SelectField(_l("Held by"), choices=choices(("", _l("Anyone")), ("me", _l("Me"))), validate_choice=False)
    age = SelectField(_l("Waiting"), choices=lambda: age_choices(waiting_target()), validate_choice=False)

    def filters(self) -> Filters:
        status = KycStatus(self.status.data) if self.status.data in [*KycStatus] else KycStatus.PENDING
        is_pending = status is KycStatus.PENDING
        return Filters(
            status=status,
            document_type=DocumentType(self.document_type.data) if self.document_type.data in [*DocumentType] else None,
            is_flagged=self.flag.data == "duplicate",
            is_mine=is_pending and self.held.data == "me",
            age=age_of(self.age.data or "", waiting_target()) if is_pending else None,
        )


class DecisionsForm(FlaskForm):
    """What the decisions are narrowed to, in the address; an unknown value counts as none."""

    class Meta:
        csrf = False

    reason = SelectField(
        _l("Reason"),
        choices=lambda: choices(
            ("", _l("Any")), *((code, _(reason.label)) for code, reason in reasons.REASONS.items())
        ),
        validate_choice=False,
    )
    since = DayField(_l("From"), name="from")
    by = HiddenField()

    def filters(self) -> DecisionFilters:
        self.validate()
        return DecisionFilters(
            by=UUID(self.by.data) if CANONICAL_UUID.fullmatch(self.by.data or "") else None,
            since=datetime.combine(self.since.data, time(), WIB) if self.since.data else None,
            reason=self.reason.data if self.reason.data in reasons.REASONS else None,
        )


class YesNoField(RadioField):
    """Yes or no, and nothing chosen before somebody does."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(
            label,
            choices=choices((YES, _l("Yes")), (NO, _l("No"))),
            validate_choice=False,
            validators=[_answered],
            **kwargs,
        )


def _answered(form: Any, field: RadioField) -> None:
    if field.data == NO:
        raise ValidationError(_("“%(check)s” is answered with No. Reject it instead.", check=field.label.text))
    if field.data != YES:
        raise ValidationError(_("Answer the check “%(check)s”.", check=field.label.text))


class ChecksForm(Form):
    """The checklist; the last line is for a SIM only."""

    readable = YesNoField(_l("Corners and text clear"))
    right_type = YesNoField(_l("Right type of document"))
    name_matches = YesNoField(_l("Name matches the profile"))
    same_person = YesNoField(_l("Same person on both"))
    not_altered = YesNoField(_l("No edits or screen photo"))
    still_valid = YesNoField(_l("Still valid"))


class HeldForm(Command):
    """What every form of the workspace carries."""

    version = VersionField()
    lease_token = UuidField()


class VerifyForm(HeldForm):
    """All that must hold before a document is verified."""

    number_unreadable = BooleanField(_l("The number cannot be read"))
    checks = FormField(ChecksForm)
    expires_on = DayField(_l("Valid until"))

    def __init__(self, check: Workspace, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if check.document_type is not DocumentType.SIM:
            del self.expires_on
            del self.checks.form._fields[STILL_VALID]
        self.is_number_matched = bool(check.number_matched)
        self.duplicates = [self._disposal(row.kyc_id) for row in check.duplicates]

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page, where the duplicates stand before the checklist."""
        for field in super().__iter__():
            if field is self.checks:
                yield from self.duplicates
            yield field

    def _disposal(self, kyc_id: UUID) -> RadioField:
        field = RadioField(
            choices=choices((SAME, _("Same person")), (DIFFERENT, _("Not the same person"))), validate_choice=False
        ).bind(form=self, name=f"duplicates-{kyc_id}")
        field.process(request.form if request.method == "POST" else None)
        return field

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if not (self.is_number_matched or self.number_unreadable.data):
            self.number_unreadable.errors = [_("Check the document number first, or mark it as unreadable.")]
            is_valid = False
        for field in self.duplicates:
            if field.data not in {SAME, DIFFERENT}:
                field.errors = [_("Say whether this is the same person.")]
                is_valid = False
        if self.expires_on is not None and not self.expires_on.errors:
            is_valid = self._is_in_future() and is_valid
        return is_valid

    def _is_in_future(self) -> bool:
        if self.expires_on.data is None:
            self.expires_on.errors = [_("Enter the date until which the SIM is valid.")]
        elif self.expires_on.data < clock.today():
            self.expires_on.errors = [_("This date has passed. Reject the document as expired.")]
        return not self.expires_on.errors

    @property
    def checklist(self) -> dict[str, bool]:
        return {field.short_name: field.data == YES for field in self.checks.form}

    @property
    def disposals(self) -> dict[UUID, str]:
        return {UUID(field.name.removeprefix("duplicates-")): field.data for field in self.duplicates}


class ReasonsField(SelectMultipleField):
    """Checkboxes for the reason codes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RejectForm(HeldForm):
    """One to four reasons, what the customer reads, and a note he does not."""

    reason_codes = ReasonsField(validate_choice=False)
    customer_text = NoteField(
        _l("What the customer reads"),
        validators=[Length(max=LONGEST_TEXT, message=_l("Use at most %(max)d characters."))],
    )
    internal_note = NoteField(
        _l("Note for staff"), validators=[Length(max=LONGEST_NOTE, message=_l("Use at most %(max)d characters."))]
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason_codes.choices = choices(*((code, _(reason.label)) for code, reason in reasons.REASONS.items()))

    def validate_reason_codes(self, field: ReasonsField) -> None:
        codes = field.data or []
        if not 1 <= len(codes) <= reasons.MOST or not set(codes) <= reasons.REASONS.keys():
            raise ValidationError(_("Choose one to four reasons."))

    def validate_customer_text(self, field: NoteField) -> None:
        codes = set(self.reason_codes.data or [])
        if reasons.OTHER in codes and not codes & reasons.FINAL and len(field.data) < reasons.SHORTEST_OTHER:
            raise ValidationError(_("Write what is wrong, in at least 10 characters, when you choose Other."))


class NumberForm(Command):
    """The number as the reviewer reads it, and the claim it belongs to."""

    number = StringField(validators=[Length(max=40)])
    lease_token = UuidField()


class LeaseForm(FlaskForm):
    """Which claim is meant."""

    lease_token = UuidField()


class NextForm(Command):
    """Behind which place of the queue to go on; empty for the oldest."""

    after = StringField(validators=[Length(max=200)])


class ExpireForm(Command):
    """Why a verified document no longer counts."""

    version = VersionField()
    reason = TextField(
        _l("Reason"),
        validators=[
            InputRequired(_l("Write why this document no longer counts.")),
            Length(min=10, max=500, message=_l("Use 10 to 500 characters.")),
        ],
    )
