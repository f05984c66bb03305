"""A Postgres that takes questions and never answers."""

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.factories import make_staff


@contextmanager
def silent(servers):
    """Postgres and everything it started hold still, their sockets open."""
    postmaster = int((servers.root / "pg" / "postmaster.pid").read_text().split()[0])
    family = [postmaster, *map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split())]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.slow
def test_a_silent_postgres_costs_seconds_and_leaves_nothing_behind(in_app, visit, servers):
    browser = visit(make_staff())
    with silent(servers):
        started = time.monotonic()
        answer = browser.get("/kyc")
        assert time.monotonic() - started < 8
        assert answer.status_code == 503
        assert "cannot reach its data" in answer.text
        assert answer.headers["Retry-After"]
    assert browser.get("/kyc").status_code == 200
