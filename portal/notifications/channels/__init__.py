"""The ways out: one module for each kind of provider, chosen by one address in the configuration."""

from functools import cache
from urllib.parse import parse_qs, urlsplit

from portal import config
from portal.notifications.channels.gateway import Gateway
from portal.notifications.channels.mail import Mail
from portal.notifications.channels.outbox import Outbox
from portal.notifications.channels.provider import Outgoing, Provider, Result

__all__ = ["Outbox", "Outgoing", "Provider", "Result", "provider_of", "rate_of"]


def provider_of(channel: str) -> Provider:
    """Who sends this channel's messages."""
    return _provider(address_of(channel), config.current().mail_from)


def address_of(channel: str) -> str:
    """The address of the channel's provider, as the configuration gives it."""
    return str(getattr(config.current(), f"{channel}_url"))


def rate_of(channel: str) -> int | None:
    """How many messages a second the provider takes, when ``?rate=`` says so."""
    rate = parse_qs(urlsplit(address_of(channel)).query).get("rate")
    return int(rate[0]) if rate else None


@cache
def _provider(url: str, mail_from: str) -> Provider:
    scheme = urlsplit(url).scheme
    if scheme == "outbox":
        return Outbox(url)
    return Mail(url, mail_from) if scheme in {"smtp", "smtps"} else Gateway(url)
