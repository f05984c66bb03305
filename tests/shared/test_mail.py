"""Mail to staff: handed over by real SMTP, never a password in the clear, and a failure that names nobody."""

from email import message_from_bytes, policy
from urllib.parse import quote

import pytest

from portal.shared import mail
from tests.mailing import PASSWORD, USER, certificate, mail_server

LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
def send(environment):
    def send(url, to="tono@lender.example"):
        mail.configure(url, "portal@lender.example")
        mail.send(to, "Akses Anda", "Halo Tono,\n\nportal staf – kini terbuka.\n")

    yield send
    mail.configure(environment["EMAIL_URL"], "portal@localhost")


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A certificate that this machine trusts."""
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


def test_it_arrives_whole(send):
    with mail_server() as inbox:
        send(f"smtp://localhost:{inbox.port}")
    [arrived] = inbox.mails
    assert (arrived["From"], arrived["To"], arrived["Subject"]) == (
        "portal@lender.example", "tono@lender.example", "Akses Anda",
    )  # fmt: skip
    assert arrived["Message-ID"].endswith("@lender.example>")
    assert "portal staf – kini terbuka." in arrived.get_content()


def test_with_a_password_it_goes_by_starttls(send, tls):
    with mail_server(tls, has_passwords=True) as inbox:
        send(f"smtp://{LOGIN}localhost:{inbox.port}")
    assert (inbox.by_tls, inbox.passwords) == ([True], [PASSWORD])


def test_what_is_offered_is_taken_unless_it_is_not_wanted(send, tls):
    with mail_server(tls) as inbox:
        send(f"smtp://localhost:{inbox.port}")
        send(f"smtp://localhost:{inbox.port}?tls=none")
    assert inbox.by_tls == [True, False]


@pytest.mark.parametrize("url", ["smtp://{login}localhost:{port}", "smtp://{login}localhost:{port}?tls=none",
                                 "smtp://localhost:{port}?tls=required"])  # fmt: skip
def test_without_starttls_neither_password_nor_mail_goes_out(send, url):
    with mail_server(has_passwords="login" in url) as inbox, pytest.raises(mail.NotSent, match="NotSupported"):
        send(url.format(login=LOGIN, port=inbox.port))
    assert (inbox.mails, inbox.passwords) == ([], [])


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(send, tmp_path):
    context, _ = certificate(tmp_path)
    with mail_server(context, has_passwords=True) as inbox, pytest.raises(mail.NotSent, match="SSLCertVerification"):
        send(f"smtp://{LOGIN}localhost:{inbox.port}")
    assert (inbox.mails, inbox.passwords) == ([], [])


def test_a_failure_names_nobody(send):
    with mail_server() as inbox:
        inbox.refusal = "550 <{address}> does not exist"
        with pytest.raises(mail.NotSent) as failed:
            send(f"smtp://localhost:{inbox.port}")
    assert str(failed.value) == "SMTPRecipientsRefused"
    assert failed.value.__suppress_context__
    with pytest.raises(mail.NotSent, match="ConnectionRefusedError"):
        send(f"smtp://localhost:{inbox.port}")


def test_an_outbox_keeps_it_in_a_file(send, tmp_path):
    send(f"outbox:{tmp_path}/mails")
    [file] = (tmp_path / "mails").glob("*.eml")
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == "tono@lender.example"
