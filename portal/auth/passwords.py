"""Passwords: argon2id, and which ones are refused."""

import re
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.shared.errors import N_, Invalid, Sentence

SHORTEST, LONGEST = 12, 128
COMMON = 3000
COMPANY_WORDS = ("portal", "password", "kata sandi", "katasandi", "pinjaman")
_OBVIOUS = re.compile("|".join([*COMPANY_WORDS, r"[0-9\-_ !.]"]))

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
_DUMMY = _hasher.hash("an account that does not exist")


def hash_password(password: str) -> str:
    with _at_once:
        return _hasher.hash(_composed(password))


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is right; as slow for no account at all as for a wrong password."""
    with _at_once:
        try:
            return _hasher.verify(stored or _DUMMY, _composed(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)


def require_good(password: str) -> None:
    """Raise :class:`Invalid` with what to change in the field ``password``."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 30,000 words: read only when somebody sets a password

    password = _composed(password)
    if not SHORTEST <= len(password) <= LONGEST:
        said = Sentence(N_("Use %(least)s to %(most)s characters, of any kind."), least=SHORTEST, most=LONGEST)
        raise Invalid({"password": said})
    folded = password.casefold()
    if folded in FREQUENCY_LISTS["passwords"][:COMMON] or not _OBVIOUS.sub("", folded):
        raise Invalid(
            {"password": N_("This password is one that people try first. Use another, such as four unrelated words.")}
        )


def _composed(password: str) -> str:
    """One spelling, whichever way a keyboard makes an accent."""
    return unicodedata.normalize("NFC", password)
