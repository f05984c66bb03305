"""What the embedded servers and the browser tests need of this machine: their packages, libcurl, Chromium.

`python -m portal.dev.prerequisites [--browser]` installs what is missing where it may (root on Debian),
says how otherwise, and prints the path of Chromium when asked for the browser.
"""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from portal.dev.process import StartFailed

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OWN_SERVERS = "set DATABASE_URL, MIGRATION_URL and MONGO_URL to your own servers."


def package_folder(name: str) -> Path:
    """The folder of an installed package, found without running its code."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(f"The embedded servers are not installed here ({name}): `make clean run`, or {_OWN_SERVERS}")
    return Path(spec.submodule_search_locations[0])


def check_platform() -> None:
    """Raise StartFailed when the embedded servers cannot run here."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise StartFailed(f"The embedded servers run on Linux x86-64 only: {_OWN_SERVERS}")
    if not _has_libcurl():
        raise StartFailed("mongod needs the library libcurl.so.4: install it with apt-get install libcurl4.")


def ensure_libcurl() -> None:
    """Install the one shared library of mongod that a bare Debian lacks, or raise StartFailed with how to."""
    if sys.platform == "linux" and not _has_libcurl():
        _install("mongod needs the library libcurl.so.4", "libcurl4")


def ensure_chromium() -> str:
    """The path of a Chromium, installed if need be; raises StartFailed with how to."""
    if not _chromium():
        _install("The browser tests need Chromium", "chromium", "fonts-liberation", or_else="set CHROMIUM to its path")
    if not (browser := _chromium()):
        raise StartFailed("Chromium was installed and is still not found: set CHROMIUM to its path.")
    return browser


def _has_libcurl() -> bool:
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        return False
    return True


def _chromium() -> str | None:
    if not (chosen := os.environ.get("CHROMIUM")):
        return next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if not (found := shutil.which(chosen)):
        raise StartFailed(
            f"CHROMIUM names {chosen}, which is no program: set it to the path of a Chromium, or unset it."
        )
    return found


def _install(need: str, *packages: str, or_else: str = _OWN_SERVERS.rstrip(".")) -> None:
    advice = f"{need}: install it with `apt-get install {' '.join(packages)}` as root, or {or_else}."
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StartFailed(advice)
    print(f"{need}: installing {' '.join(packages)} …", file=sys.stderr, flush=True)
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "--quiet", *command],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise StartFailed(f"apt-get {command[0]} failed, see above. {advice}")


def main() -> int:
    """The exit code for the Makefile."""
    try:
        ensure_libcurl()
        if "--browser" in sys.argv[1:]:
            print(ensure_chromium())
    except StartFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
