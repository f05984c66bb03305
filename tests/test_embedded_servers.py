"""The servers of `make run` and of the tests: one supervisor, data that stay, roles that are kept apart."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import psycopg
import pytest
from pymongo import MongoClient

from portal.dev.servers import EmbeddedServers, StartFailed, throwaway_servers

SUPERVISOR = """
import sys, time
from pathlib import Path
from portal.dev.servers import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1]), is_throwaway=True):
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="portal-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    with throwaway_servers() as servers:
        run(servers.migration_url, "CREATE TABLE theirs (a int)")
        yield servers


def test_a_second_supervisor_of_the_same_folder_is_refused(servers: EmbeddedServers) -> None:
    with pytest.raises(StartFailed, match="Another supervisor already runs"), EmbeddedServers(servers.root):
        pass
    assert are_running(servers)


def test_data_survive_a_crash_and_a_stop_of_both_servers(folder: Path) -> None:
    with EmbeddedServers(folder, is_throwaway=True) as servers:
        run(servers.migration_url, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('postgres')")
        with mongo(servers) as client:
            client.get_default_database()["kept"].insert_one({"word": "mongo"})
        servers.stop_postgres()
        servers.stop_mongo()
        assert not are_running(servers)
        servers.start_postgres()
        servers.start_mongo()
        assert kept_words(servers) == ["postgres", "mongo"]
    with EmbeddedServers(folder, is_throwaway=True) as servers:
        assert kept_words(servers) == ["postgres", "mongo"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "DROP TABLE theirs",
        "CREATE SCHEMA mine",
    ],
)
def test_the_application_may_not_change_the_schema(servers: EmbeddedServers, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(servers.database_url, statement)


def test_the_servers_die_with_a_killed_supervisor(folder: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, folder], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    assert supervisor.stdout
    assert supervisor.stdout.readline() == b"ready\n"
    supervisor.send_signal(signal.SIGKILL)
    supervisor.communicate()
    with (folder / ".servers.lock").open() as held_by_every_server:
        deadline = time.monotonic() + 10
        while not is_free(held_by_every_server) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert is_free(held_by_every_server)


def test_a_folder_that_the_servers_cannot_enter_is_named(folder: Path) -> None:
    """As root they run as another user, who cannot enter it; as anybody else it cannot even be made."""
    folder.chmod(0o600)
    said = f"cannot enter {folder}: set DATA" if os.geteuid() == 0 else f"cannot be made .*{folder}.*: set DATA"
    with pytest.raises(StartFailed, match=said), EmbeddedServers(folder / "data"):
        pass


def test_a_path_too_long_for_a_socket_is_named(folder: Path) -> None:
    with pytest.raises(StartFailed, match="too long for a unix socket"):
        EmbeddedServers(folder / ("x" * 90))


def run(url: str, *statements: str) -> list[Any]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        results = [connection.execute(statement) for statement in statements]
        return results[-1].fetchall() if results[-1].description else []


def mongo(servers: EmbeddedServers) -> MongoClient[dict[str, Any]]:
    return MongoClient(servers.mongo_url, serverSelectionTimeoutMS=5000)


def kept_words(servers: EmbeddedServers) -> list[str]:
    with mongo(servers) as client:
        found = client.get_default_database()["kept"].find_one() or {}
    return [run(servers.migration_url, "SELECT word FROM kept")[0][0], found["word"]]


def is_free(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def are_running(servers: EmbeddedServers) -> bool:
    return all(child.is_running for child in servers.children)
