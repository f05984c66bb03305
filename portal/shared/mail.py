"""Sending one mail, over SMTP or into a folder. For staff only: customers are written to by the notifications."""

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

TIMEOUT = 10.0

_url = "outbox:"
_sender = ""


def configure(url: str, sender: str) -> None:
    global _url, _sender
    _url, _sender = url, sender


def is_outbox() -> bool:
    """Whether mail only lands in a folder, so that nobody gets it."""
    return _url.startswith("outbox:")


def send(to: str, subject: str, text: str) -> None:
    """Hand the mail over, or raise; a job tries again."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = _sender, to, subject
    message.set_content(text)
    if is_outbox():
        _keep(Path(_url.removeprefix("outbox:") or "var/outbox"), message)
    else:
        _hand_over(_url, message)


def _keep(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{uuid4()}.eml").write_bytes(message.as_bytes())


def _hand_over(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host, tls = parts.hostname or "localhost", ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=tls)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    )
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
