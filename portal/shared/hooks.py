"""How a lower context reaches a higher one that it must not know."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class Hook(Generic[Given, Answer]):
    """What a context announces or asks. Calling it calls those who listen, in the caller's transaction.

    They listen from the moment their context's door is imported; what one of them raises reaches the caller.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[Given, Answer]] = []

    def listen(self, listener: Callable[Given, Answer]) -> Callable[Given, Answer]:
        """Call this one from now on, after those that listen already; to be used as a decorator."""
        self._listeners.append(listener)
        return listener

    def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> list[Answer]:
        return [listener(*args, **kwargs) for listener in self._listeners]
