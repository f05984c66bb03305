"""What a use case may refuse, in the portal's words.

A message is an English msgid marked with ``N_`` and its parameters; ``web/errors.py`` translates it.
"""

from typing import ClassVar


def N_(message: str) -> str:
    """Mark a message for translation where it is written; it is translated where it is shown."""
    return message


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
