"""The form that asks for a vendor's raw answer."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from portal.risk_levels.evaluations import REVEAL_REASONS
from portal.web.forms import Form, choices


class RevealForm(Form):
    """Why somebody needs the raw answer."""

    reason = SelectField(
        _l("Why"),
        choices=choices(("", _l("Choose a reason")), *((code, _l(word)) for code, word in REVEAL_REASONS.items())),
        validate_choice=False,
    )
