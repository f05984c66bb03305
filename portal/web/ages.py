"""Spans of waiting in words."""

from flask_babel import gettext as _

from portal.shared.ages import Age


def age_word(age: Age) -> str:
    """``Under 1 hour``, ``4 to 8 hours``, ``Over 24 hours``."""
    if age.is_late:
        return str(_("Over %(hours)s hours", hours=age.least))
    if age.least == 0:
        return str(_("Under %(hours)s hours", hours=age.most)) if age.most != 1 else str(_("Under 1 hour"))
    return str(_("%(least)s to %(most)s hours", least=age.least, most=age.most))
