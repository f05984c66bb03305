"""Sending one mail to staff, by SMTP or into a folder; customers are written to by the notifications."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import uuid4

TIMEOUT = 10.0

_url = "outbox:"
_sender = ""


def configure(url: str, sender: str) -> None:
    global _url, _sender
    _url, _sender = url, sender


class NotSent(Exception):
    """The mail was not handed over; says why without naming anybody."""


def send(to: str, subject: str, text: str) -> None:
    """Hand the mail over, or raise :class:`NotSent`; a job tries again."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = _sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=_sender.rpartition("@")[2])
    message.set_content(text)
    parts = urlsplit(_url)
    try:
        if parts.scheme == "outbox":
            _keep(Path(unquote(parts.path) or "var/outbox"), message)
        else:
            _hand_over(message)
    except (OSError, smtplib.SMTPException) as error:
        code = getattr(error, "smtp_code", "")
        raise NotSent(f"{type(error).__name__} {code}".strip()) from None  # a server's answer repeats the address


def _keep(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{uuid4()}.eml").write_bytes(message.as_bytes())


def _hand_over(message: EmailMessage) -> None:
    with connected(_url, timeout=TIMEOUT) as server:
        server.send_message(message)


def connected(url: str, *, timeout: float) -> smtplib.SMTP:
    """A server that lets us in: ``smtps://…``, or ``smtp://user:password@host:port?tls=required|offered|none``.

    With TLS from the first byte, or by STARTTLS: required with a password, else if offered unless the address says.
    """
    parts, context = urlsplit(url), ssl.create_default_context()
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=timeout, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=timeout)
    try:
        server.ehlo()
        if parts.scheme == "smtp" and _is_to_be_secured(parts, is_offered=server.has_extn("starttls")):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _is_to_be_secured(parts: SplitResult, *, is_offered: bool) -> bool:
    wish = parse_qs(parts.query).get("tls", ["offered"])[0]
    return bool(parts.username) or wish == "required" or (wish == "offered" and is_offered)
