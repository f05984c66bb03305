"""A form that changes something: read, done, or shown again with all that was typed."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from wtforms import HiddenField

from portal.shared.answers import Answers
from portal.shared.database import db, is_contention
from portal.shared.errors import Conflict, Invalid, NotFound, Refusal
from portal.web.errors import BUSY, explained
from portal.web.forms import Form

View = TypeVar("View", bound=Callable[..., Any])
FormT = TypeVar("FormT", bound=Form)
AnswersT = TypeVar("AnswersT", bound=Answers)


class Sent:
    """A form that is shown again: what was typed, and what it was refused for, if it was."""

    def __init__(self, form: Form, refused: Refusal | None = None) -> None:
        self.form, self.refused = form, refused
        self.status = refused.status if refused else 200

    @property
    def refusal(self) -> dict[str, str] | None:
        """Puts each sentence beside its field; returns what else there is to say on top of the page."""
        if not isinstance(self.refused, Invalid):
            return explained(self.refused) if self.refused else None
        left = self.form.place(self.refused.sentences)
        return explained(self.refused) | {"message": " ".join(left)} if left else None


def command(form_type: type[Form], *, again: Callable[..., Response] | None = None) -> Callable[[View], View]:
    """Give the view its form; when the use case refuses, ``again`` shows the page, called with ``sent=``.

    Without ``again`` the refusal is a page of its own. The page is read once, and only when it is shown.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(**arguments: Any) -> ResponseReturnValue:
            form = form_type(request.form)
            form.validate()
            try:
                return cast(ResponseReturnValue, view(**arguments, form=form))
            except NotFound:
                raise
            except Refusal as refusal:
                reason: Refusal = refusal
            except SQLAlchemyError as error:
                if not is_contention(error):
                    raise
                reason = Conflict(BUSY)
            db.session.rollback()
            if again is None:
                raise reason
            return again(**arguments, sent=Sent(form, reason))

        return run  # type: ignore[return-value]

    return decorate


def read(form: Form, kind: type[AnswersT]) -> AnswersT:
    """What a form said. A field that could not be read keeps its default, and its sentence goes along."""
    unread = form.unread()
    names = {one.name for one in fields(kind)} - unread.keys() - {"unread"}
    return kind(unread=unread, **{name: form[name].data if name in form else getattr(form, name) for name in names})


def shown(
    form_type: type[FormT], sent: Sent | None = None, *, beside: Sequence[type[Form]] = (), **fresh: Any
) -> FormT:
    """The form to show: the one that was sent, else a fresh one. Its hidden fields say how things stand now.

    ``beside`` are forms whose fields stand in the same form of the page, so that what was typed there came along.
    """
    if sent is None or type(sent.form) not in {form_type, *beside}:
        return form_type(None, **fresh)
    form = sent.form if isinstance(sent.form, form_type) else form_type(request.form)
    for name, value in fresh.items():
        if isinstance(form[name], HiddenField):
            form[name].raw_data, form[name].data = None, value
    return form
