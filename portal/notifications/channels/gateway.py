"""SMS and push by an HTTP gateway that takes signed JSON and drops a copy by its idempotency key.

Another gateway is another page like this one.
"""

import hashlib
import hmac
import json
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from portal.notifications.channels.provider import Outgoing, Result

if TYPE_CHECKING:
    import urllib3  # 20 ms, else imported where somebody sends

CONNECT_TIMEOUT, READ_TIMEOUT, WHOLE_TIMEOUT = 3.0, 5.0, 10.0
MAX_ANSWER = 16_384
MAX_WAIT = 7_200
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
CLASSES = {401: "credentials", 403: "credentials", 408: "timeout", 429: "throttled"}


class Gateway:
    """``https://:secret@host/path``; the secret signs what is sent."""

    name = "gateway"
    is_repeatable = True

    def __init__(self, url: str) -> None:
        import urllib3

        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        self.url = f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
        self.secret = unquote(parts.password or "").encode()
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        self.pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=timeout, cert_reqs="CERT_REQUIRED")

    def send(self, message: Outgoing) -> Result:
        from urllib3.exceptions import (
            ConnectTimeoutError,
            HTTPError,
            NewConnectionError,
            ProtocolError,
            ReadTimeoutError,
            SSLError,
        )

        fields = ("channel", "title", "content", "link")
        body = {"id": str(message.id), "to": message.address, **{name: getattr(message, name) for name in fields}}
        try:
            return self._read(self._post(str(message.id), json.dumps(body).encode()))
        except SSLError:
            return Result("tls")
        except (NewConnectionError, ConnectTimeoutError):
            return Result("unreachable")
        except ReadTimeoutError:
            return Result("timeout")
        except ProtocolError:
            return Result("broken_answer")
        except HTTPError as error:
            return Result("unreachable", answer=type(error).__name__)

    def _post(self, key: str, body: bytes) -> "urllib3.BaseHTTPResponse":
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-Timestamp": timestamp,
            "X-Signature": signature(self.secret, timestamp, body),
        }
        return self.pool.request("POST", self.url, body=body, headers=headers, redirect=False, preload_content=False)

    def _read(self, response: "urllib3.BaseHTTPResponse") -> Result:
        """What the gateway said; an answer that drips in is a timeout as well."""
        deadline, answer = time.monotonic() + WHOLE_TIMEOUT, b""
        try:
            while len(answer) < MAX_ANSWER and (piece := response.read1(4096)):
                answer += piece
                if time.monotonic() > deadline:
                    response.close()
                    return Result("timeout", answer=f"HTTP {response.status}")
        finally:
            response.release_conn()
        return _result(response.status, _fields(answer), response.headers.get("Retry-After", ""))


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """The hex HMAC-SHA-256 over the time, a point and the body."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _result(status: int, fields: dict[str, Any], retry_after: str) -> Result:
    error, told = str(fields.get("error", "")), f"HTTP {status}"
    if NAME.fullmatch(error):
        told += f" {error}"
    if 200 <= status < 300:
        provider_id = str(fields.get("id", ""))
        return Result(answer=told, provider_id=provider_id if NAME.fullmatch(provider_id) else None)
    if status in CLASSES:
        is_told = retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7
        wait = timedelta(seconds=min(int(retry_after), MAX_WAIT)) if is_told else None
        return Result(CLASSES[status], answer=told, retry_after=wait)
    if 400 <= status < 500:
        return Result("permanent" if error == "invalid_recipient" else "rejected", answer=told)
    return Result("unavailable", answer=told)


def _fields(answer: bytes) -> dict[str, Any]:
    try:
        read = json.loads(answer)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
