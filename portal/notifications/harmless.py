"""What a message may hold, whoever wrote its words: plain text, and a link to a host we know."""

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

from portal.notifications.models import MAX_CONTENT, MAX_TITLE

MAX_LINK = 255
# Controls, directions of writing, and halves of characters: they hide or turn round what the customer reads.
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_LINK = re.compile(r"[!-~]+")


def one_line(text: str) -> str:
    """A title: one line, at most 255 characters."""
    return " ".join(_clean(text, "").split())[:MAX_TITLE]


def paragraphs(text: str) -> str:
    """A content: plain text with its line ends, at most 10,000 characters."""
    return _clean(text.replace("\r\n", "\n"), "\n")[:MAX_CONTENT]


def is_link(link: str, hosts: Collection[str]) -> bool:
    """Whether it is https and leads to one of these hosts, nowhere else by any reading."""
    if len(link) > MAX_LINK or not _LINK.fullmatch(link) or "\\" in link:
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme == "https" and parts.hostname in hosts and parts.port in {None, 443} and not parts.username
    except ValueError:
        return False


def _clean(text: str, kept: str) -> str:
    return "".join(
        character if character in kept or unicodedata.category(character) not in _REFUSED else " "
        for character in text[: 4 * MAX_CONTENT]
    )
