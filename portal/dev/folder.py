"""The folder in which the embedded servers keep their data: who owns it, whether it fits, who works in it."""

import fcntl
import os
import pwd
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from portal.dev.process import Account, StartFailed

_UNPRIVILEGED = "nobody"
_LONGEST_SOCKET_PATH = 107
_LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
_SECONDS_TO_STOP = 30


class ServerFolder:
    """`root` with a subfolder per purpose; when root starts the servers, they work in it as `nobody`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sockets = self.root / "s"
        self.account = _unprivileged_account() if os.geteuid() == 0 else None
        self.held_lock = -1
        if len(os.fsencode(self.sockets / _LONGEST_SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
            raise StartFailed(
                f"The path of the data folder is too long for a unix socket ({self.root}): "
                "set DATA to a shorter one, such as DATA=/tmp/portal."
            )

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Keep every other supervisor out; waits for the servers of a killed supervisor to end."""
        self._make_root()
        with self._lock_file(".supervisor.lock") as ours, self._lock_file(".servers.lock") as theirs:
            if not _take(ours.fileno()):
                raise StartFailed(f"Another supervisor already runs the servers in {self.root}.")
            # The servers inherit this one, so that it is held until the last of them has ended.
            deadline = time.monotonic() + _SECONDS_TO_STOP
            while not _take(theirs.fileno()):
                if time.monotonic() > deadline:
                    raise StartFailed(f"Servers of an earlier start still run in {self.root}: end them.")
                time.sleep(0.05)
            self.held_lock = theirs.fileno()
            self.private(self.sockets)
            yield

    def private(self, folder: Path) -> Path:
        """Make `folder` if need be; only the servers' user can enter it."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if self.account:
            os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def programs(self, installed: Path, version: str, also: Sequence[Path] = ()) -> Path:
        """Where the servers' user can execute what a package has `installed`: there, or in a copy.

        A checkout in a home folder of root is closed to `nobody`, and opening it is not for us to decide.
        """
        installed = installed.resolve()
        if not self.account or not _closed_parent(installed):
            return installed
        copies = self.private(self.root / "programs")
        copy = copies / version / installed.name
        if not copy.exists():
            shutil.rmtree(copies / version, ignore_errors=True)
            unfinished = copies / f"{version}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            for source in (installed, *also):
                shutil.copytree(source, unfinished / source.name, symlinks=True)
            for path in (unfinished, *unfinished.rglob("*")):
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
            unfinished.rename(copies / version)
        return copy

    def _lock_file(self, name: str) -> TextIO:
        try:
            return (self.root / name).open("w")
        except OSError as error:
            raise StartFailed(f"The data folder cannot be used ({error}): set DATA to another one.") from error

    def _make_root(self) -> None:
        # The folders that are made here must be open to the servers' user, whatever the umask says.
        umask = os.umask(0o022)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartFailed(f"The data folder cannot be made ({error}): set DATA to another one.") from error
        finally:
            os.umask(umask)
        closed = _closed_parent(self.root) if self.account else None
        if closed:
            raise StartFailed(
                f"The servers run as the user {_UNPRIVILEGED}, who cannot enter {closed}: "
                "set DATA to a folder elsewhere, such as DATA=/tmp/portal."
            )


def _unprivileged_account() -> Account:
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _closed_parent(path: Path) -> Path | None:
    """The first folder on the way to `path` (and itself) that strangers cannot enter."""
    way = (*reversed(path.parents), path)
    return next((folder for folder in way if not folder.stat().st_mode & stat.S_IXOTH), None)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
