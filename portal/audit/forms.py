"""The filters of the audit page."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import ValidationError

from portal.audit.looking import LOOKS as SEEN
from portal.audit.models import Filters
from portal.audit.wording import ACTIONS, LOOKS, action_word
from portal.shared.clock import WIB
from portal.web.forms import CANONICAL_UUID, DayField, choices

ACTION = re.compile(r"[a-z]+([._-][a-z]+){0,5}")


class FilterForm(FlaskForm):
    """What the trail is narrowed to, in the address: ids and codes only."""

    class Meta:
        csrf = False

    actor = HiddenField()
    action = SelectField(_l("Action"), validate_choice=False, default="")
    subject = StringField(_l("Subject (ID)"))
    of = HiddenField()
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")

    def __init__(self, formdata: Any) -> None:
        super().__init__(formdata)
        known = sorted(((action_word(code), code) for code in ACTIONS), key=lambda pair: pair[0].casefold())
        self.action.choices = choices(
            ("", _("Any action")), (LOOKS, _("Looked at something")), *((code, word) for word, code in known)
        )

    def validate_actor(self, field: Any) -> None:
        if field.data and not CANONICAL_UUID.fullmatch(field.data):
            raise ValidationError(_("Enter a whole ID, such as one copied from a row."))

    validate_subject = validate_of = validate_actor

    def validate_action(self, field: Any) -> None:
        if field.data and not (len(field.data) <= 64 and ACTION.fullmatch(field.data)):
            raise ValidationError(_("Choose one of the actions."))

    def validate_until(self, field: Any) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("Choose a day on or after the first."))

    def filters(self) -> Filters:
        """Days are WIB days, the last one included."""

        def uuid(field: Any) -> UUID | None:
            return UUID(field.data) if field.data else None

        since, until = self.since.data, self.until.data
        return Filters(
            actor=uuid(self.actor),
            actions=tuple(SEEN if self.action.data == LOOKS else filter(None, [self.action.data])),
            subject=uuid(self.subject),
            of=uuid(self.of),
            since=datetime.combine(since, time(), WIB) if since else None,
            until=datetime.combine(until, time(), WIB) + timedelta(days=1) if until else None,
        )
