"""Forms of signing in and of one's own account."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField

from portal.web.forms import Command, Form, TextField


class AgainForm(Form):
    """The password, and where to go then."""

    password = PasswordField(_l("Password"), default="")
    next = HiddenField()


class LoginForm(AgainForm):
    """E-mail and password, in the order in which they are asked for."""

    email = StringField(_l("Email"), default="")
    password = PasswordField(_l("Password"), default="")


class NewPasswordForm(Form):
    """A first or new password, by a one-time link."""

    password = PasswordField(_l("New password"), default="")


class PasskeyForm(Form):
    """What a passkey answered, and where to go then."""

    credential = HiddenField(default="")
    next = HiddenField()


class PasskeyNameForm(Command):
    """What somebody calls a passkey of theirs."""

    name = TextField(_l("Name"))


class NewPasskeyForm(PasskeyNameForm):
    """A passkey's answer with the name it is to have."""

    credential = HiddenField(default="")


class ChangePasswordForm(Command):
    """The present password and the next one."""

    old = PasswordField(_l("Present password"), default="")
    password = PasswordField(_l("New password"), default="")
