"""``python -m bench.startup``: what importing the portal costs beside its packages alone, and its first answer.

Fails when importing costs more than 1.3 times as much, or the first answer takes more than 1.2 s from the start.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from portal.dev import settings
from portal.dev.servers import throwaway_servers

PACKAGES = (
    "flask, jinja2, htmx_flask, wtforms, flask_wtf, flask_login, flask_sqlalchemy, flask_migrate, pymongo, psycopg"
)
MOST_TIMES, MOST_SECONDS, REPEAT = 1.3, 1.2, 5
CPU = "; import time; print(time.process_time())"
ANSWER = """
import time
from wsgi import app
ready = time.monotonic()
assert app.test_client().get("/login", base_url="http://localhost:8000").status_code == 200
answered = time.monotonic()
since_start = time.clock_gettime(time.CLOCK_BOOTTIME) - int(open("/proc/self/stat").read().split()[21]) / 100
print(since_start, answered - ready)
"""


def main() -> int:
    """The exit code: 1 when a bound is broken."""
    packages, portal = _alternately(f"import {PACKAGES}{CPU}", f"import portal.app{CPU}")
    times = portal / packages
    print(f"Importing: the packages {packages:.2f} s of CPU, the portal {portal:.2f} s, {times:.2f} times as much")
    with throwaway_servers() as servers, TemporaryDirectory() as data:
        environment = settings.environment(
            {**os.environ, "LOG_LEVEL": "WARNING"}, data=Path(data), port=8000, urls=servers.urls
        )
        _run(
            "from wsgi import app; from flask_migrate import upgrade; app.app_context().push(); upgrade()", environment
        )
        answers = [_run(ANSWER, environment) for _ in range(REPEAT)]
    seconds, alone = (median(numbers) for numbers in zip(*answers, strict=True))
    print(
        f"First answer: {seconds:.2f} s after the start of the process, {alone:.2f} s of it the page (load {_load()})"
    )
    is_broken = times > MOST_TIMES or seconds > MOST_SECONDS
    print(f"Bounds: {MOST_TIMES} times, {MOST_SECONDS} s: {'BROKEN' if is_broken else 'held'}")
    return int(is_broken)


def _alternately(*programs: str) -> list[float]:
    """The median of the number that each prints; in turns, so that what else runs slows all of them."""
    runs = [[_run(program, os.environ)[0] for program in programs] for _ in range(REPEAT)]
    return [median(numbers) for numbers in zip(*runs, strict=True)]


def _run(program: str, environment: Mapping[str, str]) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return [float(number) for number in done.stdout.split()]


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
