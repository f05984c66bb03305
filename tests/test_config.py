"""What the environment must say, and how the portal complains when it does not."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from portal.config import ConfigurationError, Settings, from_environment
from portal.dev import settings as of_make_run
from portal.dev import web as web_of_make_run
from portal.shared.scoring import ScorePolicy
from portal.shared.vault import FieldKey
from portal.shared.vocabulary import ScoreSource

EXAMPLE = Path(__file__).parents[1] / ".env.example"
RIGHT = {
    "DATABASE_URL": "postgresql+psycopg://portal@db/portal",
    "MONGO_URL": "mongodb://db/portal",
    "SECRET_KEY": "s" * 32,
    "DOCUMENT_HASH_KEY": "d" * 32,
    "FIELD_KEYS": "k1=" + "b3Vy" * 32,
    "DOCUMENTS_URL": "file:///srv/documents",
    "PUBLIC_URL": "https://portal.example",
}


def complaint(**changes: str | None) -> str:
    """What is said of an environment with these changes."""
    environ = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    with pytest.raises(ConfigurationError) as refused:
        from_environment(environ)
    return str(refused.value)


def test_what_is_not_said_has_a_safe_default():
    assert from_environment(RIGHT) == Settings(
        database_url=RIGHT["DATABASE_URL"],
        migration_url=RIGHT["DATABASE_URL"],
        mongo_url=RIGHT["MONGO_URL"],
        secret_key="s" * 32,
        secret_key_fallbacks=(),
        document_hash_key=b"d" * 32,
        field_keys=(FieldKey("local:k1", {"key": b"our" * 32}),),
        documents_url="file:///srv/documents",
        public_url="https://portal.example",
        trusted_proxies=0,
        log_level="INFO",
        is_demo=False,
        kyc_target=timedelta(hours=24),
        smallest_loan=Decimal(100_000),
        email_url="outbox:",
        sms_url="outbox:",
        push_url="outbox:",
        mail_from="no-reply@localhost",
        receipts_key=b"",
        link_hosts=frozenset({"portal.example"}),
        holidays=frozenset(),
        metrics_token="",
        score_target=timedelta(hours=24),
        score_policy=ScorePolicy(
            "v1", {ScoreSource.INTERNAL: 50, ScoreSource.EXTERNAL: 30, ScoreSource.MANUAL: 20}, 550, 700
        ),
    )


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(ConfigurationError) as refused:
        from_environment({"SECRET_KEY": "changeme", "DOCUMENTS_URL": "/srv", "DEMO": "yes", "LOG_LEVEL": "LOUD"})
    assert str(refused.value).splitlines() == [
        "The portal cannot start:",
        "  DATABASE_URL is missing",
        "  MONGO_URL is missing",
        "  SECRET_KEY is a known default",
        "  DOCUMENT_HASH_KEY is missing",
        "  FIELD_KEYS is missing",
        "  DOCUMENTS_URL must start with file:/// or s3://",
        "  PUBLIC_URL is missing",
        "  LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR",
        "  DEMO must be 0 or 1",
        "Set them as .env.example explains, or use `make run`, which makes its own.",
    ]


@pytest.mark.parametrize("name", RIGHT)
def test_what_has_no_default_must_be_there(name):
    for nothing in (None, "", "  "):
        assert f"\n  {name} is missing\n" in complaint(**{name: nothing})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("SECRET_KEY", "s" * 31, "is shorter than 32 characters"),
        ("DOCUMENT_HASH_KEY", "short", "is shorter than 32 characters"),
        ("SECRET_KEY", "Change-Me", "is a known default"),
        ("DOCUMENT_HASH_KEY", "secret", "is a known default"),
        ("SECRET_KEY_FALLBACKS", "f" * 32 + ",short", "is shorter than 32 characters"),
        ("SECRET_KEY_FALLBACKS", "password", "is a known default"),
        ("DATABASE_URL", "postgres://db/portal", "must start with postgresql+psycopg://"),
        ("DATABASE_URL", "sqlite:///portal.db", "must start with postgresql+psycopg://"),
        ("MIGRATION_URL", "mysql://db", "must start with postgresql+psycopg://"),
        ("MONGO_URL", "postgresql://db", "must start with mongodb:// or mongodb+srv://"),
        ("DOCUMENTS_URL", "documents", "must start with file:/// or s3://"),
        ("DOCUMENTS_URL", "file://documents", "must start with file:/// or s3://"),
        ("PUBLIC_URL", "http://portal.example", "must be https://host, or http://localhost"),
        ("PUBLIC_URL", "http://localhost.evil.example", "must be https://host, or http://localhost"),
        ("PUBLIC_URL", "https://", "must be https://host, or http://localhost"),
        ("PUBLIC_URL", "portal.example", "must be https://host, or http://localhost"),
        ("PUBLIC_URL", "https://portal.example/staff", "must be a host only, such as https://portal.example"),
        ("TRUSTED_PROXIES", "-1", "must be a whole number below a million"),
        ("TRUSTED_PROXIES", "١", "must be a whole number below a million"),
        ("TRUSTED_PROXIES", "yes", "must be a whole number below a million"),
        ("KYC_TARGET_HOURS", "1.5", "must be a whole number below a million"),
        ("KYC_TARGET_HOURS", "9" * 30, "must be a whole number below a million"),
        ("LOG_LEVEL", "TRACE", "must be DEBUG, INFO, WARNING or ERROR"),
        ("DEMO", "true", "must be 0 or 1"),
        ("EMAIL_URL", "https://mail.example", "must be outbox: or smtp://host or smtps://host"),
        ("EMAIL_URL", "smtp://mail.example?tls=maybe", "must say tls=required, tls=offered or tls=none"),
        ("SMS_URL", "smtp://mail.example", "must be outbox: or https://host or http://host"),
        ("SMS_URL", f"http://:{'s' * 32}@sms.example/", "must be https, or http://localhost"),
        (
            "PUSH_URL",
            "https://:short@push.example/",
            "must name a secret of 32 characters to sign with: https://:secret@host/path",
        ),
        ("PUSH_URL", f"https://:{'s' * 32}@push.example/?rate=0", "must name a rate above nought, such as ?rate=20"),
        ("MAIL_FROM", "Portal\r\nBcc: x@y", "must be one address, such as no-reply@portal.example"),
        ("RECEIPTS_KEY", "short", "is shorter than 32 characters"),
        ("LINK_HOSTS", "https://portal.example", "must be names of hosts, separated by commas"),
        ("HOLIDAYS", "2027-02-30", "must be days such as 2027-03-19, separated by commas"),
        ("SMALLEST_LOAN", "NaN", "must be an amount in rupiah, such as 100000"),
    ],
)
def test_what_is_wrong_is_said(name, value, problem):
    assert complaint(**{name: value}) == (
        f"The portal cannot start:\n  {name} {problem}\n"
        "Set them as .env.example explains, or use `make run`, which makes its own."
    )


def test_no_secret_stands_in_the_complaint():
    said = complaint(SECRET_KEY="hunter2", DATABASE_URL="postgres://portal:hunter2@db", MONGO_URL="x://:hunter2@db")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("given", "name", "read"),
    [
        (
            {"MIGRATION_URL": "postgresql+psycopg://owner@db/portal"},
            "migration_url",
            "postgresql+psycopg://owner@db/portal",
        ),
        ({"MIGRATION_URL": ""}, "migration_url", RIGHT["DATABASE_URL"]),
        ({"SECRET_KEY_FALLBACKS": f"{'a' * 32}, {'b' * 32},"}, "secret_key_fallbacks", ("a" * 32, "b" * 32)),
        ({"PUBLIC_URL": "http://localhost:8000/"}, "public_url", "http://localhost:8000"),
        ({"PUBLIC_URL": "https://portal.example:8443"}, "public_url", "https://portal.example:8443"),
        ({"MONGO_URL": "mongodb+srv://db/portal"}, "mongo_url", "mongodb+srv://db/portal"),
        ({"DOCUMENTS_URL": "s3://bucket/prefix"}, "documents_url", "s3://bucket/prefix"),
        ({"TRUSTED_PROXIES": " 2 "}, "trusted_proxies", 2),
        ({"TRUSTED_PROXIES": ""}, "trusted_proxies", 0),
        ({"LOG_LEVEL": "debug"}, "log_level", "DEBUG"),
        ({"DEMO": "1"}, "is_demo", True),
        ({"EMAIL_URL": "smtp://u:p@mail:25?tls=none&rate=9"}, "email_url", "smtp://u:p@mail:25?tls=none&rate=9"),
        ({"LINK_HOSTS": "help.example, www.example"}, "link_hosts", {"portal.example", "help.example", "www.example"}),
        ({"HOLIDAYS": "2027-03-19,2027-12-25"}, "holidays", {date(2027, 3, 19), date(2027, 12, 25)}),
        ({"KYC_TARGET_HOURS": "8"}, "kyc_target", timedelta(hours=8)),
        ({"PUBLIC_URL": "https://portal.example"}, "hosts", ["portal.example"]),
    ],
)
def test_what_is_right_is_read(given, name, read):
    assert getattr(from_environment({**RIGHT, **given}), name) == read


def test_only_a_demo_answers_on_the_machines_own_names():
    assert from_environment({**RIGHT, "DEMO": "1"}).hosts == ["portal.example", "localhost", "127.0.0.1", "[::1]"]


class Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return RIGHT[name]

    def __iter__(self) -> Iterator[str]:
        return iter(RIGHT)

    def __len__(self) -> int:
        return len(RIGHT)


def examples() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), flags=re.MULTILINE))


def test_the_example_lists_every_setting_and_nothing_else(tmp_path):
    asked = Asked()
    from_environment(asked)
    of_make_run.port(asked)
    of_make_run.data_folder(asked, tmp_path)
    web_of_make_run.command([], asked)
    assert examples().keys() == asked.names


def test_the_example_explains_every_setting():
    for block in EXAMPLE.read_text().split("\n\n"):
        assert block.startswith("# "), block


def test_the_example_works_once_its_keys_are_filled_in():
    given = examples()
    assert [name for name in ("SECRET_KEY", "DOCUMENT_HASH_KEY", "FIELD_KEYS") if given[name]] == [], (
        "an example is no secret"
    )
    keys = {"SECRET_KEY": "s" * 48, "DOCUMENT_HASH_KEY": "d" * 48, "FIELD_KEYS": RIGHT["FIELD_KEYS"]}
    read = from_environment({**given, **keys})
    assert read.is_demo is False
    said = complaint(**given)
    assert "SECRET_KEY is missing" in said
    assert "DOCUMENT_HASH_KEY is missing" in said
    assert "FIELD_KEYS is missing" in said
