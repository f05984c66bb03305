"""Passwords: argon2id, and which ones are refused (NIST SP 800-63B 5.1.1.2: common ones and those of this portal)."""

import re
import threading
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.shared.errors import N_, Invalid, Sentence

SHORTEST, LONGEST = 12, 128
COMPANY_WORDS = ("portal", "password", "kata sandi", "katasandi", "pinjaman")
_OBVIOUS = re.compile("|".join([*COMPANY_WORDS, r"[0-9\-_ !.]"]))

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
_OF_NOBODY = (  # of a password that nobody has
    "$argon2id$v=19$m=19456,t=2,p=1$Si57llYN57qYGJLzqlPh4w$mCd8HKSTtppPEVNeN7WrwraZXYb8ph1fViHh1gMvPc0"
)


def hash_password(password: str) -> str:
    with _at_once:
        return _hasher.hash(_composed(password))


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is right; as slow for no account at all as for a wrong password."""
    with _at_once:
        try:
            return _hasher.verify(stored or _OF_NOBODY, _composed(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)


def require_good(password: str) -> None:
    """Raise :class:`Invalid` with what to change in the field ``password``."""
    password = _composed(password)
    if not SHORTEST <= len(password) <= LONGEST:
        said = Sentence(N_("Use %(least)s to %(most)s characters, of any kind."), least=SHORTEST, most=LONGEST)
        raise Invalid({"password": said})
    folded = password.casefold()
    if folded in _common() or not _OBVIOUS.sub("", folded):
        raise Invalid(
            {"password": N_("This password is one that people try first. Use another, such as four unrelated words.")}
        )


@cache
def _common() -> frozenset[str]:
    """Those of the 30,000 most common passwords, as zxcvbn 4.5 (MIT) lists them, that are long enough."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


def _composed(password: str) -> str:
    """One spelling, whichever way a keyboard makes an accent."""
    return unicodedata.normalize("NFC", password)
