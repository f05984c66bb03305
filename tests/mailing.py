"""A mail server for tests: real SMTP, with TLS and passwords where asked for, that keeps what arrives."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.shared import clock

USER, PASSWORD = "portal", "a password/of mail"


@dataclass
class Inbox:
    """What arrived, whether by TLS, and every password that was tried."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    by_tls: list[bool] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    refusal: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refusal:
            return self.refusal.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.by_tls.append(session.ssl is not None)
        return "250 OK"

    def is_right(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.passwords.append(data.password.decode())
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, has_passwords: bool = False) -> Iterator[Inbox]:
    """A server on a port of its own; with ``tls`` it offers STARTTLS."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        inbox = Inbox(probe.getsockname()[1])
    server = Controller(
        inbox,
        hostname="127.0.0.1",
        port=inbox.port,
        tls_context=tls,
        authenticator=inbox.is_right if has_passwords else None,
        auth_required=has_passwords and tls is not None,
        auth_require_tls=tls is not None,
    )
    server.start()
    try:
        yield inbox
    finally:
        server.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for ``localhost``, and the file of whoever trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(hours=1))
        .not_valid_after(clock.now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "mail.pem", folder / "mail.key"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem
