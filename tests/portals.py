"""Portals besides the one of the run, and the one of the run under other settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask

from portal import config
from portal.app import create_app
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vault import vault


@contextmanager
def another_portal(environment: dict[str, str]) -> Iterator[Flask]:
    """A portal of one's own, to which a test may add routes; its settings are in force meanwhile."""
    usual = config.current()
    portal = create_app(config.from_environment(environment))
    try:
        yield portal
    finally:
        put_in_force(usual)
        with portal.app_context():
            db.engine.dispose()


def put_in_force(settings: config.Settings) -> None:
    """Have what is this process's own follow these settings, as ``create_app`` has; documents lie where they lay."""
    config.use(settings)
    mongo.configure(settings.mongo_url)
    vault.configure(settings.field_keys)


@contextmanager
def settings(**changes: Any) -> Iterator[None]:
    """Other settings for a while."""
    usual = config.current()
    config.use(replace(usual, **changes))
    try:
        yield
    finally:
        config.use(usual)
