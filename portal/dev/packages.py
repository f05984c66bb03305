"""Where the packages with the embedded servers' programs are, and whether this machine can run them."""

import ctypes
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from portal.dev.process import StartFailed

_OWN_SERVERS = "set DATABASE_URL, MIGRATION_URL and MONGO_URL to your own servers."


def package_folder(name: str) -> Path:
    """The folder of an installed package, found without running its code."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(f"The embedded servers are not installed here ({name}): {_OWN_SERVERS}")
    return Path(spec.submodule_search_locations[0])


def check_platform() -> None:
    """Raise StartFailed when the embedded servers cannot run here."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise StartFailed(f"The embedded servers run on Linux x86-64 only: {_OWN_SERVERS}")
    if not has_libcurl():
        raise StartFailed("mongod needs the library libcurl.so.4: install it with apt-get install libcurl4.")


def has_libcurl() -> bool:
    """Whether mongod finds the one shared library that a bare Debian lacks."""
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        return False
    return True
