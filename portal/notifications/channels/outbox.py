"""No provider at all: messages become files in a folder, which a page shows."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from portal.notifications.channels.provider import Outgoing, Result

FOLDER = "var/outbox"
MAX_SHOWN = 50


class Outbox:
    """``outbox:`` or ``outbox:/folder``."""

    name = "outbox"
    is_repeatable = True

    def __init__(self, url: str) -> None:
        self.folder = Path(unquote(urlsplit(url).path) or FOLDER)

    def send(self, message: Outgoing) -> Result:
        fields = ("channel", "address", "title", "content", "link")
        written = json.dumps({name: getattr(message, name) for name in fields}, ensure_ascii=False)
        file = self.folder / f"{message.id}.json"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.with_suffix(".draft").write_text(written)
            os.replace(file.with_suffix(".draft"), file)
        except OSError as error:
            return Result("unavailable", answer=type(error).__name__)
        return Result(provider_id=file.stem, answer="written")

    def newest(self) -> Iterator[dict[str, Any]]:
        """What was written last, the newest first: ids sort by time."""
        files = sorted(self.folder.glob("*.json"), reverse=True) if self.folder.is_dir() else []
        for file in files[:MAX_SHOWN]:
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            yield {"id": file.stem, "at": at, **json.loads(file.read_text())}
