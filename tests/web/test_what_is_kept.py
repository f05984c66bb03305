"""What of a request is kept and logged when something is odd about it."""

import pytest
from sqlalchemy import text

from portal.shared.database import db
from tests.client import PASSWORD, Browser
from tests.factories import make_customer, make_staff
from tests.portals import another_portal


@pytest.mark.parametrize("forwarded", ["1.2.3.4:5678", "unknown", "[::1]:80", "x" * 300])
def test_a_proxy_that_names_no_address_keeps_nobody_out(in_app, environment, forwarded):
    rina = make_staff()
    with another_portal({**environment, "TRUSTED_PROXIES": "1"}) as behind_a_proxy:
        browser = Browser(behind_a_proxy)
        browser.get("/login")
        form = {"csrf_token": browser.token, "email": rina.email, "password": PASSWORD}
        headers = {"X-Forwarded-For": forwarded}
        assert browser.send("POST", "/login", data=form, headers=headers).status_code == 303
        assert browser.send("GET", "/", headers=headers).status_code == 200


def test_values_that_postgres_names_in_an_error_are_not_logged(in_app, visit, monkeypatch, capsys, caplog):
    user_id = make_customer(email="siti.rahasia@example.com")

    def twice(actor):
        db.session.execute(
            text("INSERT INTO user_profile (id, auth_id, fullname, email) VALUES (:id, :id, 'Siti Rahasia', :email)"),
            {"id": user_id, "email": "siti.rahasia@example.com"},
        )

    browser = visit(make_staff())
    monkeypatch.setattr("portal.kyc.queue.count", twice)
    assert browser.get("/kyc").status_code == 500
    logged = capsys.readouterr().err + caplog.text
    assert "IntegrityError" in logged
    assert "23505" in logged
    assert str(user_id) not in logged
    assert "rahasia" not in logged.lower()
