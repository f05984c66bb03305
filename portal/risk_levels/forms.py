"""The form that asks for a vendor's raw answer."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import ValidationError

from portal.risk_levels.service import REVEAL_REASONS
from portal.web.forms import Form, choices


class RevealForm(Form):
    """Why somebody needs the raw answer."""

    reason = SelectField(
        _l("Why"),
        choices=choices(("", _l("Choose a reason")), *((code, _l(word)) for code, word in REVEAL_REASONS.items())),
        validate_choice=False,
    )

    def validate_reason(self, field: SelectField) -> None:
        if field.data not in REVEAL_REASONS:
            raise ValidationError(_l("Choose why you need the raw answer."))
