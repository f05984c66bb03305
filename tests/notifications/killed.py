"""Workers that die: ``python -m tests.notifications.killed``, which ``workers()`` starts, forks one for each line.

``kill STEP`` runs a worker that kills itself at that step; ``work`` starts one, ``stop`` ends it as a deployment would.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask

from portal.app import create_app
from portal.notifications import delivery
from portal.notifications.channels.gateway import Gateway
from portal.notifications.channels.mail import Mail
from portal.notifications.repository import attempts, messages
from portal.notifications.resends import copies
from portal.shared import jobs
from portal.shared.database import transaction

PATIENCE = 20


def die_at(step: str) -> None:
    moment, _, what = step.partition("-")
    owners: dict[str, list[tuple[Any, str]]] = {
        "claim": [(copies, "claim")],
        "copies": [(messages, "add_copies")],
        "write": [(messages, "add")],
        "send": [(Gateway, "send"), (Mail, "send")],
        "mark": [(attempts, "mark")],
    }
    for owner, name in owners[what]:
        setattr(owner, name, deadly(getattr(owner, name), dies_before=moment == "before"))


def deadly(method: Callable[..., Any], *, dies_before: bool) -> Callable[..., Any]:
    def dies(*args: Any, **kwargs: Any) -> None:
        if not dies_before:
            method(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return dies


def fork(app: Flask, step: str | None) -> int:
    child = os.fork()
    if child:
        return child
    delivery.CLAIM_TIMEOUT = timedelta(seconds=0.5 if step else 15)  # what a dead one took comes free before long
    if step:
        delivery.PARALLEL = 1
        die_at(step)
    time.sleep(4 * jobs.HEARTBEAT)  # the one before is known to be dead by then
    with app.app_context(), transaction():
        for task in (jobs.retry_stalled, delivery.sweep):
            jobs.defer(task, key=uuid4(), timestamp=0)
    # One thing at a time, so that whoever dies is in the middle of nothing else.
    jobs.run_worker(app, name=f"mortal-{os.getpid()}", concurrency=1 if step else 4)
    os._exit(0)


def outlive(child: int) -> str:
    for _ in range(PATIENCE * 50):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


class Workers:
    """A process that starts workers on demand."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.notifications.killed"],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"

    def do(self, command: str) -> str:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@contextmanager
def workers(environment: dict[str, str], **urls: str) -> Iterator[Workers]:
    forked = Workers({**environment, **urls})
    try:
        yield forked
    finally:
        forked.end()


def main() -> None:
    jobs.HEARTBEAT = 0.15
    app, child = create_app(), 0
    print("ready", flush=True)
    for line in sys.stdin:
        command, _, step = line.strip().partition(" ")
        if command == "kill":
            print(outlive(fork(app, step)), flush=True)
        elif command == "work":
            child = fork(app, None)
            print(child, flush=True)
        elif command == "stop":
            os.kill(child, signal.SIGTERM)
            print(outlive(child), flush=True)


if __name__ == "__main__":
    main()
