"""JSON lines that other services hand over: a result for each, and one bad line does not stop the next."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from portal.shared.errors import N_, Refusal, Refused

Given = dict[str, Any]


def results(
    lines: Iterable[str], read: Callable[[Given], Given], take_in: Callable[..., UUID]
) -> Iterator[tuple[str, bool]]:
    """For each line what came of it in words, and whether it was taken in.

    ``read`` turns the line's object into the arguments of ``take_in``.
    """
    for line in lines:
        try:
            yield f"taken in as {take_in(**_arguments(line, read))}", True
        except Refusal as refusal:
            yield f"refused: {refusal.message % refusal.parameters}", False


def _arguments(line: str, read: Callable[[Given], Given]) -> Given:
    try:
        return read(json.loads(line))
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(N_("A field is missing: the line needs all that docs/interface.md names.")) from error
    except (ValueError, RecursionError) as error:
        raise Refused(N_("The line is not as docs/interface.md describes it.")) from error
