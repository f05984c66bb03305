"""Forms about members of staff."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField

from portal.permissions import Role
from portal.web.forms import Command, TextField, VersionField, choices


def _role() -> SelectField:
    return SelectField(_l("Role"), choices=choices(*((role, _l(role.word)) for role in Role)), validate_choice=False)


class InviteForm(Command):
    """Somebody new."""

    name = TextField(_l("Name"))
    email = StringField(_l("Email"), default="")
    role = _role()


class MemberForm(Command):
    """What every form about one member carries."""

    version = VersionField()


class RoleForm(MemberForm):
    """Another role."""

    role = _role()
