"""PostgreSQL and mongod for development and tests: private, and gone with the process that uses them."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from portal.dev.folder import ServerFolder
from portal.dev.mongo import Mongo
from portal.dev.postgres import APPLICATION, OWNER, SUPERUSER, Postgres
from portal.dev.prerequisites import check_platform
from portal.dev.process import StartFailed

__all__ = ["EmbeddedServers", "StartFailed", "throwaway_servers"]


class EmbeddedServers:
    """Both servers with their data below `root`, as a context manager; enter it on the main thread.

    They listen on unix sockets only, run as `nobody` when root starts them, and die with this process even
    when it is killed. `is_throwaway` is for data that nobody misses after the run. Raises StartFailed with a
    sentence for the person at the terminal.
    """

    def __init__(self, root: Path, *, is_throwaway: bool = False) -> None:
        check_platform()
        self._folder = ServerFolder(root)
        self._postgres = Postgres(self._folder, is_throwaway=is_throwaway)
        self._mongo = Mongo(self._folder)
        self._is_throwaway = is_throwaway
        self._running = ExitStack()
        self.root = self._folder.root
        self.children = (self._postgres.child, self._mongo.child)
        self.database_url = self._postgres.url(APPLICATION)  # reads and writes what it was granted, no DDL
        self.migration_url = self._postgres.url(OWNER)
        self.superuser_url = self._postgres.url(SUPERUSER, database="postgres")  # for tests that make databases
        self.mongo_url = self._mongo.url
        names = ("database_url", "migration_url", "mongo_url")
        self.urls: dict[str, str] = {name.upper(): getattr(self, name) for name in names}

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self._folder.occupied())
            undo.callback(self._stop)
            self._mongo.start()
            self._postgres.start()
            self._postgres.wait()
            self._postgres.ensure_roles()
            self._mongo.wait()
            self._running = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def stop_postgres(self) -> None:
        """Stop Postgres at once, as a crash would; the data stay."""
        self._postgres.child.stop(with_signal=signal.SIGQUIT)

    def start_postgres(self) -> None:
        """Start Postgres again on the same data and wait until it answers."""
        self._postgres.start()
        self._postgres.wait()

    def stop_mongo(self) -> None:
        """Stop mongod at once, as a crash would; the data stay."""
        self._mongo.child.stop(with_signal=signal.SIGKILL)

    def start_mongo(self) -> None:
        """Start mongod again on the same data and wait until it takes writes."""
        self._mongo.start()
        self._mongo.wait()

    def _stop(self) -> None:
        if self._is_throwaway:
            self.stop_mongo()
            self.stop_postgres()
            return
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()


@contextmanager
def throwaway_servers() -> Iterator[EmbeddedServers]:
    """Servers with new data in a folder that is removed afterwards."""
    # Below /tmp and nowhere else: pytest's own folders are closed to `nobody`, and long for a socket.
    with TemporaryDirectory(prefix="portal-", dir="/tmp") as folder:
        root = Path(folder)
        root.chmod(0o711)
        with EmbeddedServers(root, is_throwaway=True) as servers:
            yield servers
