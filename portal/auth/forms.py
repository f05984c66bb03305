"""Forms of signing in."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.web.forms import Command, Form, TextField

LONGEST_EMAIL = 255
LONGEST_PASSWORD = 1024
LONGEST_CREDENTIAL = 20_000
LONGEST_NAME = 64


def _password(label: str | None = None) -> PasswordField:
    return PasswordField(
        label or _l("Password"),
        validators=[
            InputRequired(_l("Enter your password")),
            Length(max=LONGEST_PASSWORD, message=_l("This is too long")),
        ],
    )


class LoginForm(Form):
    """E-mail and password, in the order in which they are asked for, and where to go then."""

    email = StringField(
        _l("Email"),
        validators=[InputRequired(_l("Enter your email")), Length(max=LONGEST_EMAIL, message=_l("This is too long"))],
    )
    password = _password()
    next = HiddenField()


class AgainForm(Form):
    """The password once more, and where to go then."""

    password = _password()
    next = HiddenField()


class NewPasswordForm(Form):
    """A first or new password, by a one-time link."""

    password = PasswordField(_l("New password"), validators=[InputRequired(_l("Choose a password"))])


class PasskeyForm(Form):
    """What a passkey answered, and where to go then."""

    credential = HiddenField(validators=[InputRequired(), Length(max=LONGEST_CREDENTIAL)])
    next = HiddenField()


class PasskeyNameForm(Command):
    """What somebody calls a passkey of his."""

    name = TextField(
        _l("Name"),
        validators=[
            InputRequired(_l("Enter a name")),
            Length(max=LONGEST_NAME, message=_l("Use at most %(max)d characters.")),
        ],
    )


class NewPasskeyForm(PasskeyNameForm):
    """A passkey's answer with the name it is to have."""

    credential = HiddenField(validators=[InputRequired(), Length(max=LONGEST_CREDENTIAL)])


class ChangePasswordForm(Command):
    """The present password and the next one."""

    old = _password(_l("Present password"))
    password = PasswordField(_l("New password"), validators=[InputRequired(_l("Choose a password"))])
