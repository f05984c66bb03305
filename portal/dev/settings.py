"""The environment of what `make run` starts: generated keys that stay, and what the caller has set."""

import base64
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from portal.dev.process import StartFailed

_GENERATED_KEYS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "DOCUMENT_HASH_KEY": lambda: secrets.token_urlsafe(48),
    "FIELD_KEYS": lambda: "k1=" + base64.b64encode(secrets.token_bytes(96)).decode(),
}
_OWN_SERVERS = ("DATABASE_URL", "MIGRATION_URL", "MONGO_URL")


def port(environ: Mapping[str, str]) -> int:
    """The port to serve on; raises StartFailed when PORT is not one."""
    text = environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise StartFailed(f"PORT must be a number from 1 to 65535, not {text!r}: try PORT=8001 make run.")
    return int(text)


def data_folder(environ: Mapping[str, str], project: Path) -> Path:
    """Where the data, the keys and the logs go; a relative DATA counts from the project."""
    return (project / Path(environ.get("DATA") or "var/run").expanduser()).resolve()


def uses_own_servers(environ: Mapping[str, str]) -> bool:
    """Whether the caller names servers of their own; raises StartFailed when some are named and some not."""
    missing = [name for name in _OWN_SERVERS if not environ.get(name)]
    if "DATABASE_URL" in missing and "MONGO_URL" in missing:
        return False
    if missing:
        raise StartFailed(
            f"Your own servers are named only in part: set {' and '.join(missing)} too, "
            f"or unset all of {', '.join(_OWN_SERVERS)} to use the embedded ones."
        )
    return True


def environment(environ: Mapping[str, str], *, data: Path, port: int, urls: Mapping[str, str]) -> dict[str, str]:
    """What the portal's processes are started with; what the caller has set wins over what is generated."""
    defaults = {
        **keys(data / "keys.env"),
        "DOCUMENTS_URL": _documents(data).as_uri(),
        "PUBLIC_URL": f"http://localhost:{port}",
        **dict.fromkeys(("EMAIL_URL", "SMS_URL", "PUSH_URL"), f"outbox:{quote(str(data / 'outbox'))}"),
        "PROMETHEUS_MULTIPROC_DIR": _metrics(data),
    }
    chosen = {name: environ.get(name) or value for name, value in defaults.items()}
    fixed = {"DEMO": "1", "PORT": str(port), "PYTHONUNBUFFERED": "1", "FLASK_SKIP_DOTENV": "1"}
    return {**environ, **chosen, **urls, **fixed}


def keys(file: Path) -> dict[str, str]:
    """The keys of this installation, for its owner only; generates and appends those that `file` lacks."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise StartFailed(f"The keys cannot be kept ({error}): set DATA to another folder.") from error
    with os.fdopen(descriptor, "r+") as stored:
        os.fchmod(descriptor, 0o600)
        text = stored.read()
        known = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        missing = {name: made() for name, made in _GENERATED_KEYS.items() if not known.get(name)}
        # A line that a full disk or an editor left unfinished must not swallow the next one.
        stored.write("\n" if text and not text.endswith("\n") else "")
        stored.writelines(f"{name}={value}\n" for name, value in missing.items())
    return known | missing


def _metrics(data: Path) -> str:
    """Where the processes keep their counters; those of an earlier run are gone."""
    folder = data / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return str(folder)


def _documents(data: Path) -> Path:
    folder = data / "documents"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
