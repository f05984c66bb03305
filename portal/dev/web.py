"""The web server of `make run`: on which addresses, with which options, and whether the portal is ready."""

import errno
import socket
import sys
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException

from portal.dev.process import StartFailed

# localhost is ours whatever proxy the environment names.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def addresses(port: int) -> list[str]:
    """The loopback addresses to bind (browsers may try either); raises StartFailed when the port is taken."""
    found = []
    for family, host, address in (
        (socket.AF_INET, "127.0.0.1", f"127.0.0.1:{port}"),
        (socket.AF_INET6, "::1", f"[::1]:{port}"),
    ):
        problem = _try_to_bind(family, host, port)
        if problem == errno.EADDRINUSE:
            raise StartFailed(f"Port {port} is in use: choose another one, as in PORT={port + 1} make run.")
        if problem == errno.EACCES:
            raise StartFailed(f"Port {port} is for root only: choose another one, as in PORT=8001 make run.")
        if not problem:
            found.append(address)
    if not found:
        raise StartFailed("This machine has no loopback address: bring its `lo` interface up.")
    return found


def command(bind: list[str], environ: Mapping[str, str]) -> list[str]:
    """gunicorn with threads, quiet and on `bind` only."""
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gthread"),
        *("--workers", environ.get("WEB_WORKERS") or "2"),
        *("--threads", environ.get("WEB_THREADS") or "4"),
        *("--graceful-timeout", "10", "--no-control-socket"),
        *(f"--bind={address}" for address in bind),
    ]


def is_ready(port: int) -> bool:
    """Whether the portal answers and reaches its stores."""
    try:
        with _open(f"http://localhost:{port}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):
        return False


def _try_to_bind(family: socket.AddressFamily, host: str, port: int) -> int:
    """0, or the error number."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
    except OSError as error:
        return error.errno or errno.EIO
    return 0
