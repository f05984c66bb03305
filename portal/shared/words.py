"""Enums of the data model that carry how they are shown: a word, an icon, a tone."""

from enum import StrEnum
from typing import Self


class Words(StrEnum):
    """``VERIFIED = "verified", N_("Verified"), "circle-check", "ok"``: value, msgid, icon and tone in one place.

    The tone is a chip's: ``ok``, ``bad``, ``warn``, ``info`` or empty. Templates write ``|word`` and ``|chip``.
    """

    word: str
    icon: str
    tone: str

    def __new__(cls, value: str, word: str = "", icon: str = "", tone: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.word, member.icon, member.tone = word or value, icon, tone
        return member
