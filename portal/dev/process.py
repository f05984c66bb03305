"""A child process that never outlives this one, and whose last words can be read."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1
_SECONDS_TO_START = 60


class StartFailed(Exception):
    """What went wrong and how to mend it, in the words of the person at the terminal."""


class Account(NamedTuple):
    """The system user a child runs as."""

    uid: int
    gid: int


class Child:
    """A process that writes to `log` and gets `stop_signal` also when this process dies, even by kill -9.

    Start it from the main thread: the kernel sends the signal when the *thread* that forked ends.
    """

    def __init__(self, name: str, *, log: Path, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: str | Path = "/",
        account: Account | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start `command` with a fresh log; raises StartFailed when the program cannot be executed."""
        with open(self.log, "wb", opener=_for_its_owner) as output:
            try:
                self._process = subprocess.Popen(
                    [str(part) for part in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(env),
                    cwd=cwd,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                    pass_fds=pass_fds,
                    # A process group of its own: Ctrl-C reaches the supervisor alone, who stops all in order.
                    process_group=0,
                    preexec_fn=_tied_to_this_process(self._stop_signal),
                )
            except OSError as error:
                raise StartFailed(
                    f"{self.name} cannot be started ({error}): install it anew with `make clean`, or set DATA to a "
                    "folder on a disk that may hold programs."
                ) from error

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def finish(self) -> None:
        """Wait for its own end; raises StartFailed when it was not a good one."""
        if self._process and (code := self._process.wait()):
            raise self._failed(f"failed with code {code}")

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return once it is; raises StartFailed when it ends before that, or takes longer than a minute."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise self._failed("did not get ready in time")
            time.sleep(0.02)

    def check(self) -> None:
        """Raise StartFailed with its last lines when it has ended by itself."""
        if self._process and (code := self._process.poll()) is not None:
            raise self._failed(f"ended with code {code}")

    def ask_to_stop(self, with_signal: signal.Signals | None = None) -> None:
        """Send the stop signal (or another one) and do not wait."""
        if self._process and self.is_running:
            self._process.send_signal(with_signal or self._stop_signal)

    def stop(self, *, timeout: float = 20, with_signal: signal.Signals | None = None) -> None:
        """Stop it and wait for its end; after `timeout` seconds it is killed."""
        if not self._process:
            return
        self.ask_to_stop(with_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _failed(self, how: str) -> StartFailed:
        lines = self.log.read_text(errors="replace").rstrip().splitlines()[-20:] or ["(it said nothing)"]
        said = "\n".join(f"    {line}" for line in lines)
        return StartFailed(
            f"{self.name} {how}:\n{said}\nAll it said is in {self.log}. Mend the cause and start again, or start with "
            "empty data: DATA=/tmp/portal make run."
        )


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _tied_to_this_process(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    supervisor, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != supervisor:  # it died between the fork and the line above
            os._exit(1)

    return tie
