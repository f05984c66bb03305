"""The filters of the audit page."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from portal.audit.listing import Filters
from portal.shared.clock import WIB
from portal.web.forms import CANONICAL_UUID, DayField

ACTION = re.compile(r"[a-z]+([._-][a-z]+){0,5}")


class FilterForm(FlaskForm):
    """What the trail is narrowed to, in the address: ids and codes only."""

    class Meta:
        csrf = False

    actor = StringField(_l("Person (ID)"))
    action = StringField(_l("Action (code)"))
    subject = StringField(_l("Subject (ID)"))
    of = StringField(_l("Customer (ID)"))
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")

    def validate_actor(self, field: Any) -> None:
        if field.data and not CANONICAL_UUID.fullmatch(field.data):
            raise ValidationError(_("Enter a whole ID, such as one copied from a row."))

    validate_subject = validate_of = validate_actor

    def validate_action(self, field: Any) -> None:
        if field.data and not (len(field.data) <= 64 and ACTION.fullmatch(field.data)):
            raise ValidationError(_("Write the code as it stands in a row, such as kyc.opened."))

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
            action=self.action.data or None,
            subject=uuid(self.subject),
            of=uuid(self.of),
            since=datetime.combine(since, time(), WIB) if since else None,
            until=datetime.combine(until, time(), WIB) + timedelta(days=1) if until else None,
        )
