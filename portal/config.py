"""Every setting of the portal, read from the environment, and everything that is wrong with it at once."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, ValidationInfo

from portal.shared import money, scoring
from portal.shared.scoring import ScorePolicy
from portal.shared.vault import FieldKey

KNOWN_DEFAULTS = {"change-me", "changeme", "secret", "dev", "development", "password"}
SHORTEST_KEY = 32
FIELD_KEY_BYTES = 96
SCORE_POLICY = '{"version": "v1", "weights": {"internal": 50, "external": 30, "manual": 20}, "medium": 550, "low": 700}'


class ConfigurationError(SystemExit):
    """The portal cannot start; the message names every setting to mend."""


def _starts_with(*schemes: str) -> PlainValidator:
    def check(text: str) -> str:
        if not text.startswith(schemes):
            raise ValueError("must start with " + " or ".join(schemes))
        return text

    return PlainValidator(check)


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


def _keys(text: str) -> tuple[str, ...]:
    return tuple(_key(key.strip()) for key in text.split(",") if key.strip())


def _channel(*schemes: str) -> PlainValidator:
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

    return PlainValidator(check)


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


def _field_keys(text: str, environment: ValidationInfo) -> tuple[FieldKey, ...]:
    """``name=base64`` of 96 bytes of one's own, or ``name=aws:region:key`` of one that AWS keeps; newest first."""
    keys = tuple(_field_key(part.strip(), environment.context or {}) for part in text.split(",") if part.strip())
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


def _name(field: str) -> str:
    """The environment's name of a field."""
    return {"is_demo": "DEMO", "kyc_target": "KYC_TARGET_HOURS", "score_target": "SCORE_TARGET_HOURS"}.get(
        field, field.upper()
    )


Postgres = Annotated[str, _starts_with("postgresql+psycopg://")]
KeyBytes = Annotated[bytes, PlainValidator(lambda text: _key(text).encode())]
Hours = Annotated[timedelta, PlainValidator(lambda text: timedelta(hours=_whole(text)))]


class Settings(BaseModel):
    """What the environment says; ``.env.example`` explains each."""

    model_config = ConfigDict(frozen=True, alias_generator=_name)

    database_url: Postgres
    migration_url: Postgres = ""
    mongo_url: Annotated[str, _starts_with("mongodb://", "mongodb+srv://")]
    secret_key: Annotated[str, PlainValidator(_key)]
    secret_key_fallbacks: Annotated[tuple[str, ...], PlainValidator(_keys)] = ()
    document_hash_key: KeyBytes
    field_keys: Annotated[tuple[FieldKey, ...], PlainValidator(_field_keys)]
    documents_url: Annotated[str, _starts_with("file:///", "s3://")]
    public_url: Annotated[str, PlainValidator(_web)]
    trusted_proxies: Annotated[int, PlainValidator(_whole)] = 0
    log_level: Annotated[str, PlainValidator(_level)] = "INFO"
    is_demo: Annotated[bool, PlainValidator(_flag)] = False
    kyc_target: Hours = timedelta(hours=24)
    smallest_loan: Annotated[Decimal, PlainValidator(_amount)] = Decimal(100_000)
    metrics_token: Annotated[str, PlainValidator(_key)] = ""
    score_target: Hours = timedelta(hours=24)
    score_policy: Annotated[ScorePolicy, PlainValidator(scoring.parse)] = scoring.parse(SCORE_POLICY)
    email_url: Annotated[str, _channel("smtp", "smtps")] = "outbox:"
    sms_url: Annotated[str, _channel("https", "http")] = "outbox:"
    push_url: Annotated[str, _channel("https", "http")] = "outbox:"
    mail_from: Annotated[str, PlainValidator(_mailbox)] = "no-reply@localhost"
    receipts_key: KeyBytes = b""
    link_hosts: Annotated[frozenset[str], PlainValidator(_host_names)] = frozenset()
    holidays: Annotated[frozenset[date], PlainValidator(_days)] = frozenset()

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
    names = [str(field.alias) for field in Settings.model_fields.values()]
    given = {name: text for name in names if (text := environ.get(name, "").strip())}
    try:
        settings = Settings.model_validate(given, context=environ)
    except ValidationError as refused:
        problems = (
            f"{error['loc'][0]} {error.get('ctx', {}).get('error', 'is missing')}" for error in refused.errors()
        )
        raise ConfigurationError(
            "The portal cannot start:\n  "
            + "\n  ".join(problems)
            + "\nSet them as .env.example explains, or use `make run`, which makes its own."
        ) from None
    own_host = urlsplit(settings.public_url).hostname or ""
    return settings.model_copy(
        update={
            "migration_url": settings.migration_url or settings.database_url,
            "link_hosts": settings.link_hosts | {own_host},
        }
    )
