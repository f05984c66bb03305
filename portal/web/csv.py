"""Lists as CSV files: streamed, RFC 4180, and no cell that a spreadsheet would take for a formula."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from flask import Response, stream_with_context

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
BUFFERED = 64 * 1024


def download(filename: str, columns: Mapping[str, str], rows: Iterable[object]) -> Response:
    """A CSV answer that is written while it is read; memory stays flat whatever its length.

    ``columns`` maps each heading to the attribute of a row that stands under it, such as ``customer.fullname``.
    """
    values = attrgetter(*columns.values())
    response = Response(stream_with_context(_lines(list(columns), map(values, rows))), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def cell(value: Any) -> str:
    """The value as text; one that starts like a formula gets a leading apostrophe."""
    text = _plain(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        if out.tell() > BUFFERED:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
