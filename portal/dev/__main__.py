"""What `make run` starts: servers, migrations, demo data, web and worker; one Ctrl-C stops all of it."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from portal.dev import settings, web
from portal.dev.folder import reachable
from portal.dev.prerequisites import ensure_libcurl
from portal.dev.process import Child, StartFailed
from portal.dev.servers import EmbeddedServers

PROJECT = Path(__file__).resolve().parents[2]
_FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
_SECONDS_TO_STOP = 12
_DEMO_ACCOUNTS = """\
  rina@portal.example    kyc_reviewer
  dian@portal.example    kyc_reviewer
  bagas@portal.example   credit_analyst
  sari@portal.example    credit_analyst
  maya@portal.example    support_agent
  adi@portal.example     admin
  Password of all: portal-demo-2026"""


class Supervisor:
    """Starts what the portal consists of in `data`, hands every process to `stack`, and watches them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._port = settings.port(os.environ)
        self._has_own_servers = settings.uses_own_servers(os.environ)
        self._data = settings.data_folder(os.environ, PROJECT)
        if not (self._has_own_servers or os.environ.get("DATA")):
            self._data = reachable(self._data)
        self._environment: dict[str, str] = {}
        self._watched: list[Child] = []

    def run(self) -> NoReturn:
        """Bring the portal up and watch over it; ends by StartFailed or by a signal."""
        addresses = web.addresses(self._port)
        urls = self._start_servers()
        self._environment = settings.environment(os.environ, data=self._data, port=self._port, urls=urls)
        self._prepare()
        self._start_portal(addresses)
        print(f"\nPortal ready: http://localhost:{self._port}\n\n{_DEMO_ACCOUNTS}\n", flush=True)
        print(f"Logs: {self._log('web')} and {self._log('worker')}. Ctrl-C stops everything.", flush=True)
        while True:
            self._check()
            time.sleep(0.3)

    def _start_servers(self) -> dict[str, str]:
        """Their URLs; none when the caller's environment names them already."""
        if self._has_own_servers:
            return {}
        ensure_libcurl()
        with _step("Postgres and mongod"):
            servers = self._stack.enter_context(EmbeddedServers(self._data))
        self._watched.extend(servers.children)
        return servers.urls

    def _prepare(self) -> None:
        with _step("Migrations and indexes"):
            migrations = self._start("migrations", *_FLASK, "db", "upgrade")
            indexes = self._start("indexes", *_FLASK, "mongo", "indexes")
            migrations.finish()
            indexes.finish()
        with _step("Demo data"):
            self._start("demo", *_FLASK, "demo", "--if-empty").finish()

    def _start_portal(self, addresses: list[str]) -> None:
        with _step("Web and worker"):
            # The stack stops what was added last first: web, then worker, then the servers.
            self._watched.append(self._start("worker", *_FLASK, "worker"))
            server = self._start("web", *web.command(addresses, os.environ))
            self._watched.append(server)
            server.wait_until(self._is_ready)

    def _start(self, name: str, *command: str) -> Child:
        child = Child(name, log=self._log(name))
        self._stack.callback(child.stop, timeout=_SECONDS_TO_STOP)
        child.start(command, env=self._environment, cwd=PROJECT)
        return child

    def _is_ready(self) -> bool:
        self._check()
        return web.is_ready(self._port)

    def _check(self) -> None:
        for child in self._watched:
            child.check()

    def _log(self, name: str) -> Path:
        return self._data / f"{name}.log"


def main() -> int:
    """The exit code: 0 when somebody stopped it, 1 when something failed."""
    _on_signals(signal.default_int_handler)  # Ctrl-C, or somebody who ends the supervisor: KeyboardInterrupt
    stack = ExitStack()
    try:
        Supervisor(stack).run()
    except (StartFailed, OSError) as failure:
        advice = "" if isinstance(failure, StartFailed) else ". Make room, or set DATA to another folder."
        print(f"{failure}{advice}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("Stopping …", flush=True)
        return 0
    finally:
        _on_signals(signal.SIG_IGN)
        stack.close()


@contextmanager
def _step(label: str) -> Iterator[None]:
    """Print what is being done, and the seconds once it is."""
    print(f"{label} …", end=" ", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - start:.1f} s", flush=True)


def _on_signals(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP on purpose.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
