"""Every setting of the portal, read from the environment, and everything that is wrong with it at once."""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from portal.shared import money, scoring
from portal.shared.scoring import ScorePolicy
from portal.shared.vault import FieldKey

KNOWN_DEFAULTS = {"change-me", "changeme", "secret", "dev", "development", "password"}
SHORTEST_KEY = 32
FIELD_KEY_BYTES = 96
SCORE_POLICY = '{"version": "v1", "weights": {"internal": 50, "external": 30, "manual": 20}, "medium": 550, "low": 700}'


class ConfigurationError(SystemExit):
    """The portal cannot start; the message names every setting to mend."""


def _starts_with(*schemes: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.startswith(schemes):
            raise ValueError("must start with " + " or ".join(schemes))
        return text

    return check


def _web(text: str) -> str:
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" and parts.hostname
    if not is_safe and (parts.scheme, parts.hostname) != ("http", "localhost"):
        raise ValueError("must be https://host, or http://localhost")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a host only, such as https://portal.example")
    return text.rstrip("/")


def _key(text: str) -> str:
    if text.lower() in KNOWN_DEFAULTS:
        raise ValueError("is a known default")
    if len(text) < SHORTEST_KEY:
        raise ValueError(f"is shorter than {SHORTEST_KEY} characters")
    return text


def _key_bytes(text: str) -> bytes:
    return _key(text).encode()


def _keys(text: str) -> tuple[str, ...]:
    return tuple(_key(key.strip()) for key in text.split(",") if key.strip())


def _channel(*schemes: str) -> Callable[[str], str]:
    """A provider's address: ``outbox:`` or one of these schemes; plain HTTP on this machine only, and then signed."""

    def check(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme == "outbox" and not parts.netloc:
            return text
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError("must be outbox: or " + " or ".join(f"{scheme}://host" for scheme in schemes[:2]))
        if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1"}:
            raise ValueError("must be https, or http://localhost")
        if "http" in schemes and len(parts.password or "") < SHORTEST_KEY:
            raise ValueError(f"must name a secret of {SHORTEST_KEY} characters to sign with: https://:secret@host/path")
        _check_options({name: values[0] for name, values in parse_qs(parts.query).items()}, parts.port)
        return text

    return check


def _check_options(options: Mapping[str, str], port: int | None) -> None:
    if port == 0 or not re.fullmatch(r"[1-9][0-9]{0,5}", options.get("rate", "1")):
        raise ValueError("must name a rate above nought, such as ?rate=20")
    if options.get("tls", "offered") not in {"required", "offered", "none"}:
        raise ValueError("must say tls=required, tls=offered or tls=none")


def _mailbox(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+", text):
        raise ValueError("must be one address, such as no-reply@portal.example")
    return text


def _host_names(text: str) -> frozenset[str]:
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name) for name in names):
        raise ValueError("must be names of hosts, separated by commas")
    return names


def _days(text: str) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(day.strip()) for day in text.split(",") if day.strip())
    except ValueError:
        raise ValueError("must be days such as 2027-03-19, separated by commas") from None


def _field_keys(text: str, environ: Mapping[str, str]) -> tuple[FieldKey, ...]:
    """``name=base64`` of 96 bytes of one's own, or ``name=aws:region:key`` of one that AWS keeps; newest first."""
    keys = tuple(_field_key(part.strip(), environ) for part in text.split(",") if part.strip())
    if not keys or len({key.provider for key in keys}) < len(keys):
        raise ValueError("must name its keys, each with a name of its own")
    return keys


def _field_key(text: str, environ: Mapping[str, str]) -> FieldKey:
    name, _, secret = text.partition("=")
    if not (name.isascii() and name.isalnum()):
        raise ValueError("must be name=key, the name in letters and digits")
    if secret.startswith("aws:"):
        region, _, master = secret.removeprefix("aws:").partition(":")
        credentials = {
            "accessKeyId": environ.get("AWS_ACCESS_KEY_ID", ""),
            "secretAccessKey": environ.get("AWS_SECRET_ACCESS_KEY", ""),
        }
        if token := environ.get("AWS_SESSION_TOKEN"):
            credentials["sessionToken"] = token
        if not (region and master and all(credentials.values())):
            raise ValueError("needs name=aws:region:key and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY")
        return FieldKey(f"aws:{name}", credentials, {"region": region, "key": master})
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != FIELD_KEY_BYTES:
        raise ValueError("needs keys of 96 bytes in base64")
    return FieldKey(f"local:{name}", {"key": key})


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError("must be a whole number below a million")
    return int(text)


def _hours(text: str) -> timedelta:
    return timedelta(hours=_whole(text))


def _amount(text: str) -> Decimal:
    try:
        return money.parse(text)
    except ValueError:
        raise ValueError("must be an amount in rupiah, such as 100000") from None


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return text.upper()


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("must be 0 or 1")
    return text == "1"


def _read(parse: Callable[..., Any], default: Any = ..., *, name: str | None = None) -> Any:
    """A setting: how its text is read, what it is when nobody sets it, and its name in the environment if another."""
    return field(metadata={"parse": parse, "default": default, "name": name})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says; ``.env.example`` explains each."""

    database_url: str = _read(_starts_with("postgresql+psycopg://"))
    migration_url: str = _read(_starts_with("postgresql+psycopg://"), "")
    mongo_url: str = _read(_starts_with("mongodb://", "mongodb+srv://"))
    secret_key: str = _read(_key)
    secret_key_fallbacks: tuple[str, ...] = _read(_keys, ())
    document_hash_key: bytes = _read(_key_bytes)
    field_keys: tuple[FieldKey, ...] = _read(_field_keys)
    documents_url: str = _read(_starts_with("file:///", "s3://"))
    public_url: str = _read(_web)
    trusted_proxies: int = _read(_whole, 0)
    log_level: str = _read(_level, "INFO")
    is_demo: bool = _read(_flag, False, name="DEMO")
    kyc_target: timedelta = _read(_hours, timedelta(hours=24), name="KYC_TARGET_HOURS")
    smallest_loan: Decimal = _read(_amount, Decimal(100_000))
    metrics_token: str = _read(_key, "")
    score_target: timedelta = _read(_hours, timedelta(hours=24), name="SCORE_TARGET_HOURS")
    score_policy: ScorePolicy = _read(scoring.parse, scoring.parse(SCORE_POLICY))
    email_url: str = _read(_channel("smtp", "smtps"), "outbox:")
    sms_url: str = _read(_channel("https", "http"), "outbox:")
    push_url: str = _read(_channel("https", "http"), "outbox:")
    mail_from: str = _read(_mailbox, "no-reply@localhost")
    receipts_key: bytes = _read(_key_bytes, b"")
    link_hosts: frozenset[str] = _read(_host_names, frozenset())
    holidays: frozenset[date] = _read(_days, frozenset())

    @property
    def hosts(self) -> list[str]:
        """The names under which the portal answers."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return [host, "localhost", "127.0.0.1", "[::1]"] if self.is_demo else [host]


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make these the settings of this process."""
    global _current
    _current = settings


def current() -> Settings:
    """The settings of this process."""
    if _current is None:
        raise RuntimeError("the portal is not configured: create_app() does it")
    return _current


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or one :class:`ConfigurationError` that names everything missing, short, default or wrong."""
    from environs import Env, EnvValidationError, ValidationError  # 40 ms, for who starts a portal only

    class Reader(Env):
        def _get_value(self, env_key: str, default: Any) -> Any:
            return environ.get(env_key, "").strip() or default

    def parsed(text: Any, setting: Mapping[str, Any]) -> Any:
        if text is setting["default"]:
            return text
        try:
            return setting["parse"](text, environ) if setting["parse"] is _field_keys else setting["parse"](text)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    reader = Reader(eager=False)
    reader.add_parser("read", parsed)
    given = {}
    for setting in fields(Settings):
        name, default = setting.metadata["name"] or setting.name.upper(), setting.metadata["default"]
        given[setting.name] = reader.read(name, default, setting=setting.metadata)
    try:
        reader.seal()
    except EnvValidationError as refused:
        wrong = cast("Mapping[str, list[str]]", refused.error_messages)
        problems = (f"{name} {sentences[0]}" for name, sentences in wrong.items())
        raise ConfigurationError(
            "The portal cannot start:\n  "
            + "\n  ".join(problems).replace("Environment variable not set.", "is missing")
            + "\nSet them as .env.example explains, or use `make run`, which makes its own."
        ) from None
    given["migration_url"] = given["migration_url"] or given["database_url"]
    given["link_hosts"] |= {urlsplit(given["public_url"]).hostname}
    return Settings(**given)
