"""Rupiah: always Decimal, written the Indonesian way in every language."""

import re
from decimal import Decimal

LARGEST = Decimal("99999999.99")
PLAIN = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?")


def parse(text: str) -> Decimal:
    """The amount somebody typed: digits, with a point before at most two decimals; raises ValueError otherwise."""
    if not PLAIN.fullmatch(text.strip()):
        raise ValueError(text)
    return Decimal(text.strip())


def digits(amount: Decimal) -> str:
    """``24.000.000`` or ``1.666,67``."""
    whole, _, cents = f"{amount:,.2f}".partition(".")
    return whole.replace(",", ".") + ("" if cents == "00" else f",{cents}")


def rupiah(amount: Decimal) -> str:
    """``Rp24.000.000``."""
    return f"Rp{digits(amount)}"
