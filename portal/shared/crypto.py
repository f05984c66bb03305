"""Keyed hashes and random tokens."""

import hashlib
import hmac
import secrets
from uuid import UUID, uuid4

_hash_key = b""


def configure(document_hash_key: bytes) -> None:
    global _hash_key
    _hash_key = document_hash_key


def digits_of(text: str) -> str:
    """The ASCII digits of a document number, whatever stands between them."""
    return "".join(character for character in text if character in "0123456789")


def document_hash(number: str) -> str:
    """``v1:`` and the hex HMAC-SHA-256 over the digits only, so that the same person collides across documents."""
    if not _hash_key:
        raise RuntimeError("DOCUMENT_HASH_KEY is not configured")
    return "v1:" + hmac.new(_hash_key, digits_of(number).encode(), hashlib.sha256).hexdigest()


def address_hash(address: str) -> str:
    """The hex HMAC-SHA-256 of an address: tells whether it is still the same, and not what it is."""
    return hmac.new(_hash_key, b"address:" + address.encode(), hashlib.sha256).hexdigest()


def new_token() -> str:
    """A random URL-safe token of 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The hex SHA-256 under which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def uuid7(milliseconds: int) -> UUID:
    """A UUIDv7 of that Unix time: ids that sort by when they were made."""
    value = (milliseconds & ((1 << 48) - 1)) << 80 | secrets.randbits(80)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))


def new_id() -> UUID:
    """A random id for a row."""
    return uuid4()
