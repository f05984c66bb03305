"""How fast messages go out, what kills in the middle cost, and that refusals take one time; ``python -m bench.speed``.

The tests do the same with few messages and no clock; the bounds here are half of what two cores to themselves reach.
"""

import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import create_engine

from portal.app import create_app
from portal.config import from_environment
from portal.dev.servers import throwaway_servers
from portal.permissions import Role
from portal.shared.actor import Actor
from tests.auth.refusals import kinds_of_failure
from tests.client import Browser
from tests.factories import make_staff
from tests.notifications import bulk
from tests.stores import empty, environment_of, migrate

RATE, BULK_RATE = 150, 40  # messages a second
FROZEN_IN, STANDS_STILL_IN = 3, 5  # seconds
GROWTH = 60  # megabytes
ROUNDS = 20
STEPS = ("before-write", "after-write", "before-send", "after-send", "before-mark")

Environment = dict[str, str]
Check = Callable[[Flask, Environment], Iterator[tuple[str, bool]]]


def sending(_: Flask, environment: Environment) -> Iterator[tuple[str, bool]]:
    """Some 300 a second on two cores to themselves."""
    rate = bulk.send_by_two_workers(environment, 1_500)
    yield f"two workers send {rate:.0f} messages a second", rate > RATE


def bulk_resend(_: Flask, environment: Environment) -> Iterator[tuple[str, bool]]:
    """150 a second and more on two cores to themselves."""
    found = bulk.resend_in_bulk(environment, _agent(), 10_000)
    yield f"10,000 frozen in {found.frozen_in:.1f} s", found.frozen_in < FROZEN_IN
    yield f"counted in {found.counted_in:.1f} s, sent again at {found.rate:.0f} a second", found.rate > BULK_RATE
    grown = max(found.memory_after) - max(found.memory)
    yield f"workers of {found.memory} MB, then of {found.memory_after}", grown < GROWTH


def stopping(_: Flask, environment: Environment) -> Iterator[tuple[str, bool]]:
    seconds = bulk.stop_and_run_again(environment, _agent(), 3_000)
    yield f"a batch of 3,000 stands still {seconds:.1f} s after Stop", seconds < STANDS_STILL_IN


def killed_in_the_middle(_: Flask, environment: Environment) -> Iterator[tuple[str, bool]]:
    bulk.kill_in_the_middle(environment, _agent(), 1_500, kills=4)
    yield "1,500 resent once each by workers of which four were killed", True


def killed_at(step: str, _: Flask, environment: Environment) -> Iterator[tuple[str, bool]]:
    bulk.kill_at(environment, step, ROUNDS)
    yield f"{ROUNDS} workers killed {step.replace('-', ' ')} lost nothing and sent nothing twice", True


def refusals(app: Flask, _: Environment) -> Iterator[tuple[str, bool]]:
    """Whoever may not enter learns nothing from how long the refusal takes."""
    browser, kinds = Browser(app), kinds_of_failure()
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _turn in range(5):
        for kind, (email, password) in kinds.items():
            form = {"csrf_token": browser.token, "email": email, "password": password}
            started = time.thread_time()  # of the processor: the hash, and not what else the machine does
            browser.send("POST", "/login", data=form)
            times[kind].append(time.thread_time() - started)
    medians = [statistics.median(taken) for taken in times.values()]
    shown = f"{min(medians) * 1000:.0f} to {max(medians) * 1000:.0f} ms"
    yield f"every way to be refused takes {shown}", max(medians) < 2 * min(medians)


CHECKS: tuple[Check, ...] = (
    sending, bulk_resend, stopping, killed_in_the_middle, *(partial(killed_at, step) for step in STEPS), refusals,
)  # fmt: skip


def report() -> int:
    """Run every check on stores of its own, say what it found, and return how many bounds are broken."""
    broken = 0
    with throwaway_servers() as servers, TemporaryDirectory() as folder:
        environment = environment_of(servers, Path(folder) / "documents")
        app = create_app(from_environment(environment))
        migrate(app)
        superuser = create_engine(servers.superuser_url.replace("/postgres?", "/portal?"))
        for check in CHECKS:
            empty(superuser)
            with app.app_context():
                broken += sum(not holds for holds in _said(check, app, environment))
        superuser.dispose()
    return broken


def _said(check: Check, app: Flask, environment: Environment) -> Iterator[bool]:
    """Whether each of its bounds holds."""
    try:
        for sentence, holds in check(app, environment):
            print(f"{'' if holds else '    BROKEN  '}{sentence}", flush=True)
            yield holds
    except AssertionError:
        print(f"    BROKEN  {traceback.format_exc(limit=-3)}", flush=True)
        yield False


def _agent() -> Actor:
    return make_staff(Role.SUPPORT_AGENT).actor


if __name__ == "__main__":
    sys.exit(1 if report() else 0)
