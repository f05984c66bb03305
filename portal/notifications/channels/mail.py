"""E-mail by SMTP. It has no way to drop a copy: once the text is on its way, silence means that nobody knows."""

import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from portal.notifications import letter
from portal.notifications.channels.provider import MAX_KEPT, Outgoing, Result
from portal.notifications.harmless import one_line
from portal.shared import mail

TIMEOUT = 5.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Refusal(Exception):
    """The server said no."""

    def __init__(self, code: int, error_class: str) -> None:
        super().__init__(code)
        self.result = Result("unavailable" if code < 500 else error_class, answer=f"SMTP {code}")


class Mail:
    """By :func:`portal.shared.mail.connected`, a connection for each message."""

    name = "smtp"
    is_repeatable = False

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = url, sender

    def send(self, message: Outgoing) -> Result:
        if not ADDRESS.fullmatch(message.address):
            return Result("permanent", answer="not an address")
        written = self._written(message)
        try:
            with mail.connected(self.url, timeout=TIMEOUT) as connection:
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
        written = EmailMessage(policy=SMTP)
        written["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        written["From"], written["To"], written["Subject"] = self.sender, message.address, one_line(message.title)
        written["Date"] = formatdate()
        written["Auto-Submitted"] = "auto-generated"
        text = f"{message.content}\n\n{message.link}\n" if message.link else f"{message.content}\n"
        written.set_content(text)
        written.add_alternative(letter.html(message.title, message.content, message.link), subtype="html")
        return written.as_bytes()


def _queue_id(answer: bytes) -> str | None:
    """What the server calls the message, when it looks like a name and not like a sentence."""
    word = answer.decode("ascii", "replace").rpartition(" ")[2]
    return word[:MAX_KEPT] if re.fullmatch(r"[A-Za-z0-9.-]{4,64}", word) else None
