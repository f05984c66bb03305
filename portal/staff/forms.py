"""Forms about members of staff."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.auth import fold
from portal.permissions import Role
from portal.staff.members import ACCESS
from portal.web.forms import Command, TextField, VersionField, choices

EMAIL = re.compile(r"[^@\s\"<>,;:]{1,64}@[^@\s\"<>,;:]+\.[^@\s\"<>,;:]{2,}")


def _role() -> SelectField:
    return SelectField(
        _l("Role"),
        choices=choices(
            (Role.KYC_REVIEWER, _l("KYC reviewer")),
            (Role.CREDIT_ANALYST, _l("Credit analyst")),
            (Role.SUPPORT_AGENT, _l("Support agent")),
            (Role.ADMIN, _l("Administrator")),
        ),
        validate_choice=False,
    )


def _require_role(field: SelectField) -> None:
    if field.data not in [*Role]:
        raise ValidationError(_("Choose one of the roles."))


class AccessForm(FlaskForm):
    """Whom the list is narrowed to, in the address; an unknown value counts as none."""

    class Meta:
        csrf = False

    access = SelectField(
        _l("Access"),
        choices=choices(
            ("", _l("All")),
            ("active", _l("May sign in")),
            ("invited", _l("Link sent")),
            ("signed-in", _l("Signed in now")),
        ),
        validate_choice=False,
    )

    @property
    def chosen(self) -> str:
        return self.access.data if self.access.data in ACCESS else ""


class InviteForm(Command):
    """Somebody new."""

    name = TextField(
        _l("Name"),
        validators=[
            InputRequired(_l("Enter the name colleagues see.")),
            Length(max=255, message=_l("Use at most %(max)d characters.")),
        ],
    )
    email = StringField(
        _l("Email"),
        validators=[
            InputRequired(_l("Enter the email address.")),
            Length(max=255, message=_l("Use at most %(max)d characters.")),
        ],
    )
    role = _role()

    def validate_email(self, field: StringField) -> None:
        if not EMAIL.fullmatch(fold(field.data or "")):
            raise ValidationError(_("Write the address like name@company.example."))

    def validate_role(self, field: SelectField) -> None:
        _require_role(field)


class MemberForm(Command):
    """What every form about one member carries."""

    version = VersionField()


class RoleForm(MemberForm):
    """Another role."""

    role = _role()

    def validate_role(self, field: SelectField) -> None:
        _require_role(field)
