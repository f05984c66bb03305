"""Forms of the credit scores' room."""

import re
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Form, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.credit_scores.deciding import LONGEST_NOTE, MOST_CODES
from portal.credit_scores.models import Filters
from portal.credit_scores.reading import waiting_target
from portal.credit_scores.service import LONGEST_REASON, MOST_REASONS, SHORTEST_REASON, WHOLE
from portal.loans import REASONS as LOAN_REASONS
from portal.shared import clock
from portal.shared.ages import age_of
from portal.shared.clock import WIB
from portal.shared.scoring import REASONS
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from portal.web.ages import age_choices
from portal.web.forms import CANONICAL_UUID, Command, DayField, NoteField, VersionField, choices

SCORE = re.compile(r"0|[1-9][0-9]{0,2}|1000")
NOTHING = "none"
SOURCES = choices(
    ("", _l("Any")),
    ("internal", _l("Internal")),
    ("external", _l("External")),
    ("manual", _l("Manual")),
    (NOTHING, _l("None")),
)


class FilterForm(FlaskForm):
    """What the list is narrowed to, in the address; an unknown value counts as none."""

    class Meta:
        csrf = False

    decision = SelectField(choices=[*Decision], validate_choice=False)
    turn = SelectField(choices=["analyst", "services"], validate_choice=False)
    risk_level = SelectField(
        _l("Risk"),
        choices=choices(("", _l("Any")), ("low", _l("Low")), ("medium", _l("Medium")), ("high", _l("High"))),
        validate_choice=False,
    )
    missing = SelectField(_l("Missing score"), choices=SOURCES, validate_choice=False)
    age = SelectField(_l("Waiting"), choices=lambda: age_choices(waiting_target()), validate_choice=False)
    by = HiddenField()
    since = DayField(_l("From"), name="from")

    def filters(self) -> Filters:
        self.validate()
        if CANONICAL_UUID.fullmatch(self.by.data or ""):
            since = datetime.combine(self.since.data, time(), WIB) if self.since.data else None
            return Filters(by=UUID(self.by.data), since=since)
        decision = Decision(self.decision.data) if self.decision.data in [*Decision] else Decision.PENDING
        level = RiskLevel(self.risk_level.data) if self.risk_level.data in [*RiskLevel] else None
        if decision is not Decision.PENDING:
            return Filters(turn=decision.value, risk_level=level)
        age, now = age_of(self.age.data or "", waiting_target()), clock.now()
        return Filters(
            turn=self._whose_turn(level),
            risk_level=level,
            since=age.since(now) if age else None,
            until=age.until(now) if age else None,
        )

    def _whose_turn(self, level: RiskLevel | None) -> str:
        """Whatever has a risk level lacks nothing."""
        if self.missing.data in [*ScoreSource]:
            return str(self.missing.data)
        if self.missing.data == NOTHING and level is None:
            return "ready"
        return "services" if self.turn.data == "services" else "analyst"


class ScoreField(StringField):
    """A whole number from 0 to 1000; what was typed stays in the field when it is none."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not SCORE.fullmatch(text):
            raise ValueError(_l("Enter a whole number from 0 to 1000."))
        self.data = int(text)

    def pre_validate(self, form: Form) -> None:
        if self.data is None and not self.process_errors:
            raise ValidationError(_l(WHOLE))

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data)


class Codes(SelectMultipleField):
    """One to four reasons as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any, words: dict[str, Any], most: int, **kwargs: Any) -> None:
        super().__init__(label, choices=choices(*words.items()), validate_choice=False, **kwargs)
        self.known, self.most = frozenset(words), most

    def pre_validate(self, form: Form) -> None:
        chosen = set(self.data or [])
        if not 1 <= len(chosen) <= self.most or not chosen <= self.known:
            raise ValidationError(_l("Choose one to four reasons."))


class PreviewForm(FlaskForm):
    """A score to try out."""

    score = ScoreField(_l("Score"))


class ManualForm(Command):
    """A manual score with its reasons."""

    version = VersionField()
    score = ScoreField(_l("Score"))
    reason_codes = Codes(_l("Reasons"), {code: _l(label) for code, label in REASONS.items()}, MOST_REASONS)
    reason = NoteField(
        _l("Why"),
        validators=[
            InputRequired(_l("Write why, in at least 20 characters.")),
            Length(min=SHORTEST_REASON, message=_l("Write why, in at least 20 characters.")),
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )


def _note(id_: str) -> NoteField:
    return NoteField(
        _l("Note for colleagues"),
        id=id_,
        validators=[Length(max=LONGEST_NOTE, message=_l("Use at most %(max)d characters."))],
    )


class ApproveForm(Command):
    """An approval."""

    version = VersionField()
    note = _note("approve-note")


class UndoForm(Command):
    """A decision taken back."""


class RejectForm(Command):
    """A rejection with its reasons."""

    version = VersionField()
    reason_codes = Codes(
        _l("Reasons"), {code: _l(reason.label) for code, reason in LOAN_REASONS.items()}, MOST_CODES, id="reject-codes"
    )
    note = _note("reject-note")
