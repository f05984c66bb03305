"""Attempts to get in, counted by account and address, by account, and by address."""

import hashlib

from portal.shared import throttle
from portal.shared.errors import N_, Throttled
from portal.shared.throttle import Limit

PER_ACCOUNT_AND_ADDRESS = Limit(10, seconds=300)
PER_ACCOUNT = Limit(50, seconds=300)
PER_ADDRESS = Limit(100, seconds=300)
QUESTIONS = Limit(300, seconds=300)


def count(who: str, ip: str | None) -> None:
    """Count before anything is compared, so that parallel guesses count too; ``who`` is an e-mail or a passkey's id."""
    _require_patience(*_limits(who, ip))


def count_question(ip: str | None) -> None:
    """Count somebody unknown who wants a passkey asked."""
    _require_patience((QUESTIONS, f"passkey:@{ip or '-'}"))


def forgive(who: str, ip: str | None) -> None:
    """It was a good one: counting starts anew for the account, and the address gets its attempt back."""
    pair, account, address = _limits(who, ip)
    throttle.forgive(*pair)
    throttle.forgive(*account)
    throttle.give_back(*address)


def _limits(who: str, ip: str | None) -> tuple[tuple[Limit, str], ...]:
    key, address = hashlib.sha256(who.encode()).hexdigest()[:32], ip or "-"
    return (
        (PER_ACCOUNT_AND_ADDRESS, f"sign-in:{key}:{address}"),
        (PER_ACCOUNT, f"sign-in:{key}"),
        (PER_ADDRESS, f"sign-in:@{address}"),
    )


def _require_patience(*limits: tuple[Limit, str]) -> None:
    if seconds := throttle.seconds_to_wait(*limits):
        raise Throttled(
            N_("Too many tries. Try again in %(seconds)s seconds, or ask an administrator."), seconds=seconds
        )
