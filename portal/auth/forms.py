"""Forms of signing in."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.web.forms import Form

LONGEST_EMAIL = 255
LONGEST_PASSWORD = 1024


def _password() -> PasswordField:
    return PasswordField(
        _l("Password"),
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
