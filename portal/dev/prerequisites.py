"""What pip cannot bring: Chromium for the browser tests and libcurl for mongod.

`python -m portal.dev.prerequisites [--browser]` installs what is missing where it may (root on Debian),
says how otherwise, and prints the path of Chromium when asked for the browser.
"""

import os
import shutil
import subprocess
import sys

from portal.dev.packages import has_libcurl
from portal.dev.process import StartFailed

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def ensure_libcurl() -> None:
    """Install the library that mongod needs, or raise StartFailed with how to."""
    if sys.platform == "linux" and not has_libcurl():
        _install("mongod needs the library libcurl.so.4", "libcurl4")


def ensure_chromium() -> str:
    """The path of a Chromium, installed if need be; raises StartFailed with how to."""
    browser = _chromium()
    if not browser:
        _install(
            "The browser tests need Chromium",
            "chromium",
            "fonts-liberation",
            otherwise=", or set CHROMIUM to its path",
        )
        browser = _chromium()
    if not browser:
        raise StartFailed("Chromium was installed and is still not found: set CHROMIUM to its path.")
    return browser


def _chromium() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    if not chosen:
        return next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if not shutil.which(chosen):
        raise StartFailed(
            f"CHROMIUM names {chosen}, which is no program: set it to the path of a Chromium, or unset it."
        )
    return shutil.which(chosen)


def _install(need: str, *packages: str, otherwise: str = "") -> None:
    advice = f"{need}: install it with `apt-get install {' '.join(packages)}` as root{otherwise}."
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
