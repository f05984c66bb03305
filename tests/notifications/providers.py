"""Providers as tests see them: an HTTP gateway and an SMTP server, each real and on a port of its own."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask

from portal.notifications import delivery
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.notifications.working import release_all, work_off

SECRET = "a secret of the gateway of the tests"


@dataclass
class Gateway:
    """Takes each key once, as its documentation says; ``behaves`` may answer differently instead."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    behaves: Callable[[Any], bool] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://:{SECRET.replace(' ', '%20')}@localhost:{self.port}/messages"


@contextmanager
def gateway(behaves: Callable[[Any], bool] | None = None) -> Iterator[Gateway]:
    """A gateway; ``behaves(handler)`` returns whether it has answered by itself."""
    stub = Gateway(behaves=behaves)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.body = self.rfile.read(int(self.headers["Content-Length"]))
            stub.requests.append({"headers": dict(self.headers), "body": self.body, **json.loads(self.body)})
            if stub.behaves and stub.behaves(self):
                return
            stub.taken[self.headers["Idempotency-Key"]] += 1
            self.answer(200, json.dumps({"id": f"gw-{len(stub.taken)}"}).encode())

        def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """A client that went away is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What an SMTP server took in; ``answers`` says something else to a command than OK."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers.get("DATA") == "hang up":
            server.transport.close()
            return ""
        if "DATA" not in self.answers:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.envelopes.append(envelope)
        return self.answers.get("DATA", "250 OK queued as 12345ABC")

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def mailbox(**answers: str) -> Iterator[Mailbox]:
    box = Mailbox(answers=answers)
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ready_timeout=10)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def send_all(app: Flask, channel: str) -> None:
    """Write what is queued, and send what is due."""
    release_all()
    work_off(app)
    delivery.deliver(channel=channel, slot=0)


def let_pass() -> None:
    """Let the time pass for which messages wait, and for which the breaker is open."""
    waiting = {"notification_status": "pending", "claimed_by": None}
    mongo.database["notifications_collection"].update_many(waiting, {"$set": {"due_at": clock.now()}})
    mongo.database["notification_breakers"].delete_many({})
