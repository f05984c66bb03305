"""Requests that no browser of ours sends: NUL, no UTF-8, bodies that are no form, odd headers."""

from urllib.parse import quote, urlencode

import pytest

from portal.kyc.models import KycCheck, KycStatus
from portal.shared.database import db
from tests.factories import (
    audit_events,
    make_customer,
    make_kyc_check,
    make_staff,
)
from tests.web.spoiled import VALUES, look_at


def test_a_spoiled_token_or_page_mark_is_refused_with_a_page(in_app, visit):
    browser = visit(make_staff())
    for value in VALUES[::3]:
        answer = browser.send("POST", "/account/renew", data={"csrf_token": value})
        look_at(answer, value)
        assert answer.status_code == 400
    assert browser.post("/account/renew").status_code == 204


def test_an_address_with_a_broken_page_mark_is_answered_with_a_sentence(in_app, visit):
    browser = visit(make_staff())
    for mark in ("garbage", "MjAyNC0wMS0wMQ", "MjAyNC0wMS0wMXx4", "ä", "=" * 50, "9" * 5000):
        for name in ("after", "before"):
            answer = browser.get(f"/kyc?{urlencode({name: mark})}")
            assert answer.status_code == 422, mark
            assert "This page address is not complete. Start again from the first page." in answer.text
            fragment = browser.get(f"/kyc?{urlencode({name: mark})}", htmx=True)
            assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (422, "#flashes")


@pytest.mark.parametrize(
    "encoded",
    ["%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%ed%b0%80", "%ef%bf%bd", "%f5%80%80%80", "%e2%82"],
    ids=["NUL", "NUL inside", "0xFF", "overlong", "high surrogate", "low surrogate", "U+FFFD", "too high", "cut"],
)
def test_nul_and_what_is_not_utf8_are_refused_wherever_they_stand(in_app, visit, encoded):
    browser = visit(make_staff())
    token = f"csrf_token={quote(browser.token)}"
    form = {"content_type": "application/x-www-form-urlencoded"}
    answers = [
        browser.send("GET", f"/kyc?status={encoded}"),
        browser.send("GET", f"/kyc?{encoded}=x"),
        browser.send("GET", f"/login?next=/{encoded}"),
        browser.send("GET", f"/kyc/{encoded}"),
        browser.send("GET", f"/static/{encoded}"),
        browser.send("POST", "/account/preferences", data=f"{token}&{encoded}=x", **form),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert all("This request did not come through whole" in answer.text for answer in answers)
    is_typed = encoded in {"%00", "a%00b", "%ef%bf%bd"}  # a person may have pasted it; broken bytes no browser sends
    for url, field in (("/account/preferences", "next"), ("/login/again", "password")):
        answer = browser.send("POST", url, data=f"{token}&{field}={encoded}", **form)
        assert answer.status_code == (422 if is_typed else 400)
        assert ("Remove them and send it again." in answer.text) == is_typed


@pytest.mark.parametrize("raw", [b"\0", b"\xff", b"\xed\xa0\x80"])
def test_they_are_refused_raw_and_in_parts_too(in_app, visit, raw):
    browser = visit(make_staff())
    token = browser.token.encode()
    urlencoded = b"csrf_token=" + token + b"&next=" + raw
    parts = b"".join(
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
        for name, value in ((b"csrf_token", token), (b"next", raw))
    )
    multipart = parts + b"--cut--\r\n"
    for body, kind in (
        (urlencoded, "application/x-www-form-urlencoded"),
        (multipart, "multipart/form-data; boundary=cut"),
    ):
        answer = browser.send("POST", "/account/preferences", data=body, content_type=kind)
        assert answer.status_code in {400, 422}, kind
    fine = multipart.replace(raw, b"/kyc")
    answer = browser.send("POST", "/account/preferences", data=fine, content_type="multipart/form-data; boundary=cut")
    assert (answer.status_code, answer.location) == (303, "/kyc")


BODIES = [
    ("application/json", b'{"email": "a"}', 415),
    ("application/json", b'{"email": ', 415),
    ("application/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", 415),
    ("text/plain", b"email=a", 415),
    ("application/octet-stream", b"\x1f\x8b\x08\x00", 415),
    ("", b"email=a", 415),
    ("application/x-www-form-urlencoded", b"\x1f\x8b\x08\x00\x00", 400),
    ("application/x-www-form-urlencoded", b"&&&==&=", 400),
    ("multipart/form-data", b"--x\r\n\r\n", 400),
    ("multipart/form-data; boundary=", b"--\r\n\r\n", 400),
    ("multipart/form-data; boundary=y", b"--x\r\nContent-Disposition: form-data\r\n\r\n", 400),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut', 400),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n", 400),
]


@pytest.mark.parametrize(("kind", "body", "status"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_no_form_is_refused(in_app, visit, kind, body, status):
    answer = visit().send("POST", "/login", data=body, content_type=kind)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_body_has_an_end(in_app, visit):
    browser, form = visit(make_staff()), "application/x-www-form-urlencoded"
    start = f"csrf_token={quote(browser.token)}&next=/kyc&x="
    fitting = start + "a" * (1024 * 1024 - len(start))
    assert browser.send("POST", "/account/preferences", data=fitting, content_type=form).status_code == 303
    answer = browser.send("POST", "/account/preferences", data=fitting + "a" * 80_000, content_type=form)
    assert answer.status_code == 413
    assert "Send less than 1 MB at a time." in answer.text
    claimed = browser.send(
        "POST", "/login", data=b"a=b", content_type=form, environ_overrides={"CONTENT_LENGTH": "99999999999"}
    )
    assert claimed.status_code == 413


def test_a_form_has_at_most_500_fields(in_app, visit):
    browser = visit(make_staff())
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        fields = {"csrf_token": browser.token, **{f"field{n}": "x" for n in range(499)}}
        assert browser.send("POST", "/account/renew", data=fields, content_type=kind).status_code == 204
        fields["field499"] = "x"
        assert browser.send("POST", "/account/renew", data=fields, content_type=kind).status_code == 413
    assert (
        browser.send("POST", "/account/renew", data={"csrf_token": browser.token, "x": ["y"] * 500}).status_code == 413
    )


HEADERS = [
    "",
    "x" * 5000,
    "'\"><script>",
    "ä" * 50,
    "${7*191}",
    "../..",
    "a, b; c=d",
    "-1",
    "http://[",
    "*/*;q=x",
    "\x01",
]


def test_no_value_of_a_header_breaks_a_page(in_app, visit):
    browser, url = visit(make_staff()), f"/kyc/of-customer/{make_customer()}"
    for name in (
        "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "If-Modified-Since", "If-None-Match", "Range",
        "Referer", "User-Agent", "X-Forwarded-For", "X-Request-ID", "HX-Request", "HX-Current-URL", "HX-Target",
        "HX-Source", "HX-Boosted", "HX-Request-Type", "HX-History-Restore-Request", "Sec-Fetch-Site", "Authorization",
    ):  # fmt: skip
        for value in HEADERS:
            answer = browser.send("GET", url, headers={name: value})
            look_at(answer, (name, value))
            assert answer.status_code == 200, (name, value)


@pytest.mark.parametrize("agent", ["", "x" * 5000, "'; DROP TABLE", "ä\x01", "👩"], ids=range(5))
def test_any_browser_may_sign_in(in_app, visit, agent):
    browser, rina = visit(), make_staff()
    browser.get("/login")
    form = {"csrf_token": browser.token, "email": rina.email, "password": "correct-horse-battery"}
    headers = {"User-Agent": agent.encode().decode("latin-1")}
    assert browser.send("POST", "/login", data=form, headers=headers).status_code == 303


@pytest.mark.parametrize(
    "origin", ["http://[", "null", "https://localhost.evil.example", "https://localhost:444", "x", ""]
)
def test_an_origin_that_is_not_ours_is_refused(in_app, visit, origin):
    browser = visit(make_staff())
    answer = browser.send("POST", "/account/renew", data={"csrf_token": browser.token}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_a_refused_request_writes_nothing(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    kyc_id = make_kyc_check(held_by=rina)
    before = [event.event_id for event in audit_events()]
    browser.send("POST", f"/kyc/{kyc_id}/reject", json={"reason_codes": ["FORGED"]})
    browser.send("POST", f"/kyc/{kyc_id}/reject", data={"csrf_token": browser.token, "internal_note": "\0"})
    browser.send("POST", f"/kyc/{kyc_id}/reject", data={"reason_codes": "FORGED"})
    browser.send("GET", f"/kyc/{kyc_id}/reject?reason_codes=FORGED")
    assert [event.event_id for event in audit_events()] == before
    assert db.session.get(KycCheck, kyc_id, populate_existing=True).status is KycStatus.PENDING
