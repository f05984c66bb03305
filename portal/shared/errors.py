"""What a use case may refuse, in the portal's words.

A message is an English msgid marked with ``N_`` and its parameters; ``web/errors.py`` translates it.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import ClassVar


def N_(message: str) -> str:
    """Mark a message for translation where it is written; it is translated where it is shown."""
    return message


class Sentence(str):
    """A msgid with what is filled into it when it is shown, and the context that tells it from one spelled alike."""

    parameters: Mapping[str, object]
    context: str

    def __new__(cls, message: str, **parameters: object) -> "Sentence":
        sentence = super().__new__(cls, message)
        sentence.parameters, sentence.context = parameters, ""
        return sentence


def NP_(context: str, message: str) -> Sentence:
    """As :func:`N_` for a word that reads otherwise in this context."""
    word = Sentence(message)
    word.context = context
    return word


INCOMPLETE = N_("This form is not complete. Open the page again.")


class Refusal(Exception):
    """A use case that did not happen, with the reason to show."""

    status: ClassVar[int]

    def __init__(self, message: str, **parameters: object) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters


class NotFound(Refusal):
    """There is no such thing, or it is not for this person."""

    status = 404


class Conflict(Refusal):
    """Somebody was faster, or the thing has moved on."""

    status = 409


class Refused(Refusal):
    """What was asked is not possible as it was asked."""

    status = 422


class Invalid(Refused):
    """Some answers of a form are wrong: a sentence for each, by the name of its field."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        first = next(iter(sentences.values()))
        super().__init__(str(first), **getattr(first, "parameters", {}))
        self.sentences = sentences


class Problems:
    """What is wrong with the answers of a form, field by field; leaving the block raises it as :class:`Invalid`.

    It begins with what could not even be read. Of a field only the first sentence counts.
    """

    def __init__(self, unread: Mapping[str, str]) -> None:
        self.sentences = dict(unread)

    def __enter__(self) -> "Problems":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if kind is None and self.sentences:
            raise Invalid(self.sentences)

    def unless(self, is_right: object, field: str, message: str, **parameters: object) -> None:
        if not is_right:
            self.sentences.setdefault(field, Sentence(message, **parameters))

    def unless_fits(self, text: str, field: str, *, most: int, least: int = 0, message: str = "") -> None:
        """``message`` is said of a text shorter than ``least`` characters."""
        self.unless(len(text) >= least, field, message)
        self.unless(len(text) <= most, field, N_("Use at most %(max)d characters."), max=most)


class Locked(Refusal):
    """Another person holds it."""

    status = 423


class Throttled(Refusal):
    """Too many tries; ``seconds`` until the next one makes sense."""

    status = 429

    def __init__(self, message: str, *, seconds: int, **parameters: object) -> None:
        super().__init__(message, seconds=seconds, **parameters)
        self.seconds = seconds


class Forbidden(Refusal):
    """The role does not allow it."""

    status = 403
