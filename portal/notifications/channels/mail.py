"""E-mail by SMTP. It has no way to drop a copy: once the text is on its way, silence means that nobody knows."""

import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

from portal.notifications.channels.provider import MOST_KEPT, Outgoing, Result
from portal.notifications.harmless import one_line

SECONDS = 5.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
HTML = '<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'


class Refusal(Exception):
    """The server said no."""

    def __init__(self, code: int, error_class: str) -> None:
        super().__init__(code)
        self.result = Result("unavailable" if code < 500 else error_class, answer=f"SMTP {code}")


class Mail:
    """``smtp://user:password@host:port?tls=required|offered|none`` (offered unless said) or ``smtps://…``."""

    name = "smtp"
    is_repeatable = False

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.is_tls = parts.scheme == "smtps"
        self.host, self.port = parts.hostname or "", parts.port or (465 if self.is_tls else 587)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.tls = parse_qs(parts.query).get("tls", ["offered"])[0]
        self.sender = sender
        self.context = ssl.create_default_context()

    def send(self, message: Outgoing) -> Result:
        if not ADDRESS.fullmatch(message.address):
            return Result("permanent", answer="not an address")
        written = self._written(message)
        try:
            with self._connection() as connection:
                self._log_in(connection)
                return self._hand_over(connection, message.address, written)
        except Refusal as refusal:
            return refusal.result
        except smtplib.SMTPAuthenticationError as error:
            return Result("credentials", answer=f"SMTP {error.smtp_code}")
        except (ssl.SSLError, smtplib.SMTPNotSupportedError):
            return Result("tls")
        except smtplib.SMTPResponseException as error:
            return Result("unavailable", answer=f"SMTP {error.smtp_code}")
        except smtplib.SMTPServerDisconnected:
            return Result("broken_answer")
        except OSError as error:
            return Result("timeout" if isinstance(error, TimeoutError) else "unreachable")

    def _connection(self) -> smtplib.SMTP:
        if self.is_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=self.context)
        return smtplib.SMTP(self.host, self.port, timeout=SECONDS)

    def _log_in(self, connection: smtplib.SMTP) -> None:
        connection.ehlo()
        if not self.is_tls and (self.tls == "required" or (self.tls == "offered" and connection.has_extn("starttls"))):
            connection.starttls(context=self.context)
            connection.ehlo()
        if self.user:
            connection.login(self.user, self.password)

    def _hand_over(self, connection: smtplib.SMTP, address: str, written: bytes) -> Result:
        code, _ = connection.mail(self.sender)
        if code >= 400:
            raise Refusal(code, "rejected")
        code, _ = connection.rcpt(address)
        if code >= 400:
            raise Refusal(code, "permanent")
        try:
            code, answer = connection.data(written)
        except smtplib.SMTPDataError as error:
            raise Refusal(error.smtp_code, "rejected") from error
        except (OSError, smtplib.SMTPServerDisconnected):
            return Result("unknown", answer="no answer to the text")
        if code >= 400:
            raise Refusal(code, "rejected")
        return Result(answer=f"SMTP {code}", provider_id=_queue_id(answer))

    def _written(self, message: Outgoing) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        mail["From"], mail["To"], mail["Subject"] = self.sender, message.address, one_line(message.title)
        mail["Date"] = formatdate()
        mail["Auto-Submitted"] = "auto-generated"
        text = f"{message.content}\n\n{message.link}\n" if message.link else f"{message.content}\n"
        mail.set_content(text)
        mail.add_alternative(_html(message), subtype="html")
        return mail.as_bytes()


def _html(message: Outgoing) -> str:
    lines = [f"<p>{escape(line)}</p>" for line in message.content.splitlines() if line.strip()]
    if message.link:
        lines.append(f'<p><a href="{escape(message.link)}">{escape(message.link)}</a></p>')
    return HTML.format(title=escape(message.title), body="".join(lines))


def _queue_id(answer: bytes) -> str | None:
    """What the server calls the message, when it looks like a name and not like a sentence."""
    word = answer.decode("ascii", "replace").rpartition(" ")[2]
    return word[:MOST_KEPT] if re.fullmatch(r"[A-Za-z0-9.-]{4,64}", word) else None
