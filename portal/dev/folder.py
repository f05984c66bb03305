"""The folder in which the embedded servers keep their data: who owns it, whether it fits, who works in it."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TextIO

from portal.dev.process import Account, Child, StartFailed

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# For root alone: Postgres refuses to run as root, and in a home folder of root nobody else can enter what is there.
OUTSIDE = Path("/var/lib/staff-portal")
_UNPRIVILEGED = "nobody"
_LONGEST_SOCKET_PATH = 107
_LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
_SECONDS_TO_STOP = 30


class ServerFolder:
    """`root` with a subfolder per purpose; when root starts the servers, they work in it as `nobody`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sockets = self.root / "s"
        self._account = _unprivileged_account()
        self._lock = -1
        if len(os.fsencode(self.sockets / _LONGEST_SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
            raise StartFailed(
                f"The path of the data folder is too long for a unix socket ({self.root}): "
                "set DATA to a shorter one, such as DATA=/tmp/portal."
            )

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Keep every other supervisor out; waits for the servers of a killed supervisor to end."""
        _make(self.root)
        if self._account and (closed := _closed_folder(self.root)):
            raise StartFailed(
                f"The servers run as the user {_UNPRIVILEGED}, who cannot enter {closed}: "
                "set DATA to a folder elsewhere, such as DATA=/tmp/portal."
            )
        with self._lock_file(".supervisor.lock") as ours, self._lock_file(".servers.lock") as theirs:
            if not _take(ours):
                raise StartFailed(
                    f"Another supervisor already runs the servers in {self.root}: stop it by Ctrl-C where it runs, "
                    "or set DATA to another folder."
                )
            # The servers inherit this one, so that it is held until the last of them has ended.
            deadline = time.monotonic() + _SECONDS_TO_STOP
            while not _take(theirs):
                if time.monotonic() > deadline:
                    raise StartFailed(
                        f"Servers of an earlier start still run in {self.root}: end the processes postgres and mongod "
                        "that name this folder, or set DATA to another one."
                    )
                time.sleep(0.05)
            self._lock = theirs.fileno()
            self.private(self.sockets)
            yield

    def private(self, folder: Path) -> Path:
        """Make `folder` if need be; only the servers' user can enter it."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if self._account:
            os.chown(folder, *self._account)
        return folder

    def start(self, child: Child, command: Sequence[str | Path]) -> None:
        """Start a server, or what prepares one, as the servers' user; it holds the folder until it ends."""
        child.start(command, env=ENVIRONMENT, account=self._account, pass_fds=[self._lock])

    def programs(self, installed: Path, version: str, also: Sequence[Path] = ()) -> Path:
        """Where the servers' user can execute what a package has `installed`: there, or in a copy outside.

        A checkout in a home folder of root is closed to `nobody`, and opening it is not for us to decide.
        """
        installed = installed.resolve()
        if not self._account or not _closed_folder(installed):
            return installed
        copies = OUTSIDE / "programs"
        _make(copies)
        if not (copies / version).exists():
            unfinished = Path(mkdtemp(dir=copies))
            for source in (installed, *also):
                shutil.copytree(source, unfinished / source.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", unfinished], check=True)
            with suppress(OSError):  # another supervisor was faster
                unfinished.rename(copies / version)
            shutil.rmtree(unfinished, ignore_errors=True)
        return copies / version / installed.name

    def _lock_file(self, name: str) -> TextIO:
        try:
            return (self.root / name).open("w")
        except OSError as error:
            raise StartFailed(f"The data folder cannot be used ({error}): set DATA to another one.") from error


def reachable(data: Path) -> Path:
    """`data`, or a folder outside that stays the same when the servers' user cannot enter it; says so."""
    closed = _closed_folder(data) if _unprivileged_account() else None
    if closed is None:
        return data
    chosen = OUTSIDE / hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    print(f"Data go to {chosen}: the servers run as the user {_UNPRIVILEGED}, who cannot enter {closed}.", flush=True)
    return chosen


def _make(folder: Path) -> None:
    umask = os.umask(0o066)  # whatever it is: the servers' user must be able to enter what is made here
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartFailed(f"The data folder cannot be made ({error}): set DATA to another one.") from error
    finally:
        os.umask(umask)


def _unprivileged_account() -> Account | None:
    """Whom the servers run as when root starts them."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise StartFailed(
            f"The servers cannot run as root, and there is no user {_UNPRIVILEGED}: useradd --system {_UNPRIVILEGED}"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` (and itself) that is there and that strangers cannot enter."""
    way = (*reversed(path.parents), path)
    return next((folder for folder in way if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH), None)


def _take(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
