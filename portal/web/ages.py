"""Spans of waiting in words, and the filter for them."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.shared.ages import LATE, Age, ages
from portal.web.forms import choices


def age_word(age: Age) -> str:
    """``Under 1 hour``, ``4 to 8 hours``, ``Over 24 hours``."""
    if age.is_late:
        return str(_("Over %(hours)s hours", hours=age.least))
    if age.least == 0:
        return str(_("Under %(hours)s hours", hours=age.most)) if age.most != 1 else str(_("Under 1 hour"))
    return str(_("%(least)s to %(most)s hours", least=age.least, most=age.most))


def age_choices(target: timedelta) -> list[Any]:
    """What a list of waiting things can be narrowed to."""
    spans = [(str(age), age_word(age)) for age in ages(target) if not age.is_late]
    return choices(("", _l("Any time")), (LATE, _l("Past target")), *spans)
