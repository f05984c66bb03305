"""What a person, or a program, may send in place of what was asked for: never a 5xx, never anything in return."""

import re
from datetime import timedelta
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from portal import auth
from portal.credit_scores.models import CreditScore
from portal.kyc.models import KycCheck, KycStatus
from portal.loans import paying
from portal.permissions import Role
from portal.shared.database import db
from tests.factories import (
    audit_events,
    make_customer,
    make_evaluation,
    make_kyc_check,
    make_loan,
    make_passkey,
    make_score,
    make_staff,
)
from tests.loans.book import REASON, make_approved, new_reference, payment_of
from tests.notifications.messages import make_batch, make_message

VALUES = [
    "", " ", "0", "-1", "1e9", "1_000", "99999999999999999999", "NaN", "1.5", "١٢٣", "１２", "²", "null", "[]", "on",
    '{"$ne": null}', "$where", "a.b", "__proto__", "a[$ne]=1", "' OR '1'='1", "'; DROP TABLE loans; --", "\\'",
    "%", "%(name)s", "%00", "../../etc/passwd", "..\\..\\windows", "/etc/passwd", "//evil.example", "/\\evil.example",
    "https://evil.example/", "javascript:alert(1)", "a\r\nSet-Cookie: x=1", "a\nb", "a\tb", "\x01\x1b[31m",
    "\"'><script>alert(1)</script>", "<p hx-get=/logout>", "{{7*191}}", "${7*191}", "{% raw %}", "=1+1", "$(reboot)",
    "\u202etxt.exe", "مرحبا بالعالم", "👩🏽‍🔬🇮🇩", "e\u0301\u0302" * 20, "\ufeff", "\u2028", "ﷺ" * 40, "ＡＤＭＩＮ", "ß",
    "x" * 256, "x" * 5000, "9" * 5000, "2024-W01-1", "0000-00-00", "9999-12-31",
    "urn:uuid:6f0775ea-5f67-4c2a-9d90-cb7a10d60340", "6F0775EA-5F67-4C2A-9D90-CB7A10D60340",
]  # fmt: skip

UNKNOWN = ("unknown",)

# What each route reads of its address: its own parameters, or one that it does not know. Those in one group are
# spoiled together, each by another value at a time.
PARAMETERS = {
    "/": [UNKNOWN],
    "/counters": [("seen",)],
    "/healthz": [UNKNOWN],
    "/readyz": [UNKNOWN],
    "/metrics": [UNKNOWN],
    "/staff": [("access",), ("after",), ("before",)],
    "/staff/new": [UNKNOWN],
    "/staff/<uuid:auth_id>": [UNKNOWN],
    "/audit": [("actor", "action"), ("subject", "of"), ("from", "to"), ("after",), ("before",)],
    "/audit/export.csv": [("actor", "action", "subject", "of", "from", "to")],
    "/login": [("next",)],
    "/login/again": [("next",)],
    "/login/token/<token>": [UNKNOWN],
    "/account": [UNKNOWN],
    "/account/passkeys/new": [UNKNOWN],
    "/static/<path:filename>": [("v",)],
    "/kyc": [("status", "document_type", "flag", "held", "age"), ("after",), ("before",)],
    "/kyc/live": [("waiting", "seen")],
    "/kyc/decisions": [("by", "from", "reason"), ("after",), ("before",)],
    "/kyc/export.csv": [("status", "document_type", "flag", "held", "age")],
    "/kyc/<uuid:kyc_id>": [UNKNOWN],
    "/kyc/<uuid:kyc_id>/images/<any(front, selfie):side>": [UNKNOWN],
    "/kyc/of-customer/<uuid:user_id>": [UNKNOWN],
    "/customers": [("after",), ("before",)],
    "/customers/<uuid:user_id>": [UNKNOWN],
    "/customers/<uuid:user_id>/timeline": [("after",)],
    "/customers/<uuid:user_id>/delete": [UNKNOWN],
    "/loans": [("status", "tenor"), ("user", "to"), ("from",), ("min_amount",), ("after",)],
    "/loans/overdue": [("after",), ("before",)],
    "/loans/export.csv": [("status", "tenor", "user", "from", "to", "min_amount", "max_amount")],
    "/loans/<uuid:loan_id>": [UNKNOWN],
    "/loans/<uuid:loan_id>/history": [("as_of",)],
    "/loans/<uuid:loan_id>/payments": [("open", "act")],
    "/loans/of-customer/<uuid:user_id>": [UNKNOWN],
    "/dev/outbox": [UNKNOWN],
    "/notifications": [("status", "category", "type"), ("user", "to"), ("loan", "from"), ("after",), ("open",)],
    "/notifications/live": [("newest",), ("pending",), ("said", "status")],
    "/notifications/export.csv": [("status", "category", "type", "user", "loan", "from", "to")],
    "/notifications/batches": [("after",), ("before",)],
    "/notifications/batches/<uuid:batch_id>": [("result",), ("after",), ("before",)],
    "/notifications/batches/<uuid:batch_id>/live": [("state", "seen")],
    "/notifications/<uuid:message_id>": [UNKNOWN],
    "/notifications/<uuid:message_id>/content": [UNKNOWN],
    "/notifications/of-loan/<uuid:loan_id>": [UNKNOWN],
    "/notifications/of-customer/<uuid:user_id>": [UNKNOWN],
    "/credit-scores": [("decision", "turn", "risk_level", "missing", "age"), ("by", "from"), ("after",), ("before",)],
    "/credit-scores/<uuid:credit_score_id>": [UNKNOWN],
    "/credit-scores/of-loan/<uuid:loan_id>": [UNKNOWN],
    "/credit-scores/of-customer/<uuid:user_id>": [UNKNOWN],
    "/credit-scores/<uuid:credit_score_id>/evaluations": [UNKNOWN],
}
# The fields of each form, in groups likewise.
CHECKS = tuple(
    f"checks-{name}" for name in ("readable", "right_type", "name_matches", "same_person", "not_altered", "still_valid")
)
FIELDS = {
    "/login": [("email",), ("password", "next")],
    "/login/again": [("password", "next")],
    "/login/token/<token>": [("password",)],
    "/login/passkey/options": [UNKNOWN],
    "/login/passkey": [("credential", "next")],
    "/login/again/passkey": [("credential", "next")],
    "/account/password": [("old", "password"), ("command_id",)],
    "/account/passkeys/options": [UNKNOWN],
    "/account/passkeys": [("credential", "name"), ("command_id",)],
    "/account/passkeys/<uuid:passkey_id>/rename": [("name",), ("command_id",)],
    "/account/passkeys/<uuid:passkey_id>/remove": [("command_id",)],
    "/account/sessions/<uuid:session_id>/end": [("command_id",)],
    "/account/sessions/end-others": [("command_id",)],
    "/logout": [UNKNOWN],
    "/language": [("language", "next")],
    "/account/preferences": [("language", "theme", "density", "shortcuts"), ("next",)],
    "/account/renew": [UNKNOWN],
    "/search": [("term",)],
    "/staff": [("name",), ("email",), ("role", "command_id")],
    "/staff/<uuid:auth_id>/role": [("role",), ("version", "command_id")],
    "/staff/<uuid:auth_id>/deactivate": [("version", "command_id")],
    "/staff/<uuid:auth_id>/activate": [("version", "command_id")],
    "/staff/<uuid:auth_id>/reset": [("version", "command_id")],
    "/staff/<uuid:auth_id>/sessions/revoke": [("version", "command_id")],
    "/customers": [("term",)],
    "/customers/<uuid:user_id>/reveal": [("field", "reason"), ("text",)],
    "/customers/<uuid:user_id>/deactivate": [("command_id", "version"), ("reason",)],
    "/customers/<uuid:user_id>/activate": [("command_id", "version"), ("reason",)],
    "/customers/<uuid:user_id>/delete": [("command_id", "version"), ("reason",), ("confirmation",)],
    "/kyc/next": [("command_id",), ("after",)],
    "/kyc/<uuid:kyc_id>/claim": [("command_id", "after")],
    "/kyc/<uuid:kyc_id>/hold": [("lease_token",)],
    "/kyc/<uuid:kyc_id>/release": [("lease_token",)],
    "/kyc/<uuid:kyc_id>/number": [("command_id", "lease_token"), ("number",)],
    "/kyc/<uuid:kyc_id>/verify": [
        ("command_id", "version", "lease_token"),
        CHECKS,
        ("number_unreadable", "expires_on"),
    ],
    "/kyc/<uuid:kyc_id>/reject": [
        ("command_id", "version", "lease_token"),
        ("reason_codes", "open"),
        ("customer_text", "internal_note"),
    ],
    "/kyc/<uuid:kyc_id>/undo": [("command_id", "after")],
    "/kyc/<uuid:kyc_id>/expire": [("command_id", "version"), ("reason",)],
    "/loans/<uuid:loan_id>/payments/<uuid:payment_id>/post": [("amount",), ("reference",), ("command_id", "version")],
    "/loans/<uuid:loan_id>/payments/<uuid:payment_id>/reverse": [("reason",), ("command_id", "version")],
    "/receipts/<channel>": [UNKNOWN],
    "/notifications/<uuid:message_id>/resend": [("command_id", "confirmed"), ("reason",)],
    "/notifications/resend": [("command_id", "message"), ("all", "status", "user"), ("category", "from")],
    "/notifications/batches/<uuid:batch_id>/confirm": [("command_id", "version"), ("number",), ("reason",)],
    "/notifications/batches/<uuid:batch_id>/cancel": [("command_id", "version")],
    "/notifications/batches/<uuid:batch_id>/rerun": [("command_id", "version")],
    "/notifications/<uuid:message_id>/reveal": [("why",), ("text",)],
    "/loans/<uuid:loan_id>/payments/<uuid:payment_id>/reschedule": [("due_date",), ("command_id", "version")],
    "/credit-scores/<uuid:credit_score_id>/manual-score": [
        ("score",),
        ("reason",),
        ("command_id", "version", "reason_codes"),
    ],
    "/credit-scores/<uuid:credit_score_id>/manual-score/preview": [("score", "reason", "reason_codes")],
    "/credit-scores/<uuid:credit_score_id>/approve": [("note",), ("command_id", "version")],
    "/credit-scores/<uuid:credit_score_id>/reject": [("reason_codes",), ("note",), ("command_id", "version")],
    "/credit-scores/<uuid:credit_score_id>/undo": [("command_id",)],
    "/risk-evaluations/<uuid:evaluation_id>/reveal": [("reason",)],
}
# Fields that get every value; the others get every fourth, each form different ones.
THOROUGH = {"term", "customer_text", "score"}
SECRETS = re.compile(r"Traceback|psycopg|sqlalchemy|pymongo|werkzeug|jinja2|SELECT .* FROM|root:x:")


def look_at(answer, sent):
    """What no answer may be, whatever was sent."""
    assert answer.status_code < 500, sent
    if answer.mimetype != "text/html":
        return
    assert not SECRETS.search(answer.text), sent
    assert "<script>alert" not in answer.text, sent
    assert "<p hx-get" not in answer.text, sent
    assert str(7 * 191) not in re.sub("[0-9a-f-]{36}", "", answer.text), sent
    for name in ("Location", "HX-Redirect"):
        assert re.match(r"(/(?![/\\])|https://localhost/|$)", answer.headers.get(name, "")), sent
    assert "x=1" not in str(answer.headers.getlist("Set-Cookie")), sent


def spoiled(names, rule):
    """The values for a group of fields, in turn."""
    first, step = (0, 1) if THOROUGH.intersection(names) else (len(rule) % 4, 4)
    for number in range(first, len(VALUES), step):
        yield {name: VALUES[(number + 7 * place) % len(VALUES)] for place, name in enumerate(names)}


def methods(portal, method):
    return {rule.rule for rule in portal.url_map.iter_rules() if method in (rule.methods or ())}


def test_these_are_all_the_routes(portal):
    assert methods(portal, "GET") == PARAMETERS.keys()
    assert methods(portal, "POST") == FIELDS.keys()


def role_for(rule):
    """Somebody who may use the route."""
    if rule.startswith(("/credit-scores", "/risk-evaluations")):
        return Role.CREDIT_ANALYST
    if rule.startswith("/loans"):
        return Role.SUPPORT_AGENT if rule.endswith("/post") else Role.CREDIT_ANALYST
    if rule.startswith(("/notifications", "/dev/outbox")):
        return Role.SUPPORT_AGENT
    if rule.startswith(("/staff", "/audit")):
        return Role.ADMIN
    if rule.startswith("/customers"):
        return Role.ADMIN if rule.endswith(("activate", "delete")) else Role.SUPPORT_AGENT
    return Role.KYC_REVIEWER


def addresses(rina):
    loan_id = make_approved()
    return {
        "<uuid:loan_id>": str(loan_id),
        "<uuid:payment_id>": str(payment_of(loan_id).id),
        "<uuid:kyc_id>": str(make_kyc_check(held_by=rina)),
        "<uuid:user_id>": str(make_customer()),
        "<uuid:message_id>": str(make_message()),
        "<uuid:batch_id>": str(make_batch()),
        "<uuid:auth_id>": str(make_staff().auth_id),
        "<uuid:credit_score_id>": str(make_score()),
        "<uuid:evaluation_id>": str(make_evaluation(loan_id=loan_id)),
        "<any(front, selfie):side>": "front",
        "<path:filename>": "portal.css",
        "<token>": "no-such-token",
    }


def crew(visit):
    """Somebody of each role that a page asks for, in his browser, and what the first of them may open."""
    rina = make_staff()
    others = {role_for(rule) for rule in PARAMETERS} - {rina.role}
    return {rina.role: visit(rina)} | {role: visit(make_staff(role)) for role in others}, addresses(rina)


def filled(rule, ids):
    for placeholder, value in ids.items():
        rule = rule.replace(placeholder, value)
    return rule


@pytest.mark.parametrize("rule", [rule for rule, groups in PARAMETERS.items() if groups != [UNKNOWN]])
def test_no_value_of_a_parameter_breaks_a_page(in_app, visit, rule):
    person = make_staff(role_for(rule))
    browser, url = visit(person), filled(rule, addresses(person))
    for names in PARAMETERS[rule]:
        for values in spoiled(names, rule):
            look_at(browser.send("GET", url, query_string=urlencode(values)), values)
    assert browser.get("/").status_code == 200


def test_parameters_that_a_page_does_not_know_change_nothing(in_app, visit):
    browsers, ids = crew(visit)
    for rule, groups in PARAMETERS.items():
        browser = browsers[role_for(rule)]
        if groups == [UNKNOWN]:
            usual = browser.send("GET", filled(rule, ids)).status_code
            for value in VALUES[len(rule) % 8 :: 8]:
                answer = browser.send("GET", filled(rule, ids), query_string=urlencode({"unknown": value, value: "x"}))
                look_at(answer, (rule, value))
                assert answer.status_code == usual


def test_no_value_in_the_place_of_an_id_or_a_name_breaks_a_page(in_app, visit):
    browsers, ids = crew(visit)
    for rule in PARAMETERS:
        browser = browsers[role_for(rule)]
        for placeholder in re.findall("<[^>]+>", rule):
            for value in VALUES[len(rule) % 4 :: 4]:
                url = filled(rule.replace(placeholder, quote(value, safe="")), ids)
                answer = browser.send("GET", url)
                look_at(answer, (rule, value))
                assert answer.status_code in {308, 400, 404}, (rule, value)
    assert browser.get("/").status_code == 200


def form_of(rule, rina):
    """An address for a form and fields that hold: what is sent works, but for the spoiled one."""
    if "<uuid:loan_id>" in rule:
        loan_id = make_approved(tenor_month=2)
        payment = payment_of(loan_id)
        if rule.endswith("/reverse"):
            paying.post(
                loan_id, payment.id, amount=payment.payment_amount, reference=new_reference(), version=payment.version,
                command=uuid4(), actor=make_staff(Role.SUPPORT_AGENT).actor,
            )  # fmt: skip
            payment = payment_of(loan_id)
        url = rule.replace("<uuid:loan_id>", str(loan_id)).replace("<uuid:payment_id>", str(payment.id))
        day = payment.due_date + timedelta(days=3)
        facts = {"version": payment.version, "amount": str(payment.payment_amount), "reference": new_reference()}
        return url, {**facts, "command_id": str(uuid4()), "due_date": day.isoformat(), "reason": REASON}
    if "<uuid:credit_score_id>" in rule:
        credit_score_id = make_score()
        version = db.session.get(CreditScore, credit_score_id).version
        fields = {"version": version, "command_id": str(uuid4()), "score": "720", "reason": REASON * 2, "note": ""}
        return rule.replace("<uuid:credit_score_id>", str(credit_score_id)), {**fields, "reason_codes": "OTHER"}
    if "<uuid:evaluation_id>" in rule:
        return rule.replace("<uuid:evaluation_id>", str(make_evaluation(loan_id=make_loan()))), {
            "reason": "AUDIT_REQUEST"
        }
    if "<uuid:message_id>" in rule:
        return rule.replace("<uuid:message_id>", str(make_message())), {"command_id": str(uuid4()), "reason": REASON}
    if "<uuid:batch_id>" in rule:
        facts = {"version": 1, "number": "1", "reason": REASON}
        return rule.replace("<uuid:batch_id>", str(make_batch())), {**facts, "command_id": str(uuid4())}
    if rule == "/notifications/resend":
        return rule, {"message": str(make_message()), "command_id": str(uuid4())}
    if "<uuid:user_id>" in rule:
        customer = str(make_customer())
        reason = "CALL_BACK" if rule.endswith("/reveal") else "CUSTOMER_REQUEST"
        facts = {"version": 1, "field": "phone", "reason": reason, "text": REASON, "confirmation": customer[:8]}
        return rule.replace("<uuid:user_id>", customer), {**facts, "command_id": str(uuid4())}
    status = KycStatus.VERIFIED if rule.endswith("/expire") else KycStatus.PENDING
    fields = {"command_id": str(uuid4())}
    if "<uuid:kyc_id>" in rule:
        held_by = rina if status is KycStatus.PENDING else None
        kyc_id = make_kyc_check(held_by=held_by, status=status, has_images=rule.endswith("/verify"))
        check = db.session.get(KycCheck, kyc_id)
        fields |= {"version": check.version, "lease_token": str(check.lease_token), "number": "3273010101010001"}
        fields |= dict.fromkeys(CHECKS, "yes") | {"number_unreadable": "y", "reason_codes": "BLURRY"}
        fields |= {"reason": "The card was reported stolen.", "customer_text": "", "internal_note": ""}
        return rule.replace("<uuid:kyc_id>", str(kyc_id)), fields
    if "<uuid:passkey_id>" in rule:
        return rule.replace("<uuid:passkey_id>", str(make_passkey(rina))), fields | {"name": "Phone"}
    if "<uuid:session_id>" in rule:
        return rule.replace("<uuid:session_id>", str(uuid4())), fields
    if "<uuid:auth_id>" in rule:
        facts = {"version": 1, "role": Role.SUPPORT_AGENT.value}
        return rule.replace("<uuid:auth_id>", str(make_staff().auth_id)), fields | facts
    if rule == "/login/token/<token>":
        token = auth.invite(f"{uuid4()}@example.com", role=Role.KYC_REVIEWER, name="Newcomer")
        return f"/login/token/{token}", {"password": "four unrelated words"}
    return rule, fields | {"term": "+6281234567", "email": "nobody@example.com", "password": "a wrong password"}


@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule for rule in FIELDS if rule != "/logout"])
def test_no_value_of_a_field_breaks_a_form(in_app, visit, rule):
    rina = make_staff(role_for(rule))
    is_stranger = rule in {"/login", "/login/token/<token>", "/language"}
    browser = visit(None if is_stranger else rina)
    browser.get("/login")
    url, form = form_of(rule, rina)
    for names in FIELDS[rule]:
        for values in spoiled(names, rule):
            answer = browser.send("POST", url, data={**form, "csrf_token": browser.token, **values})
            look_at(answer, values)
            assert answer.status_code in {200, 204, 303, 400, 404, 409, 422, 423, 429}, values
            if answer.status_code in {303, 404, 409} and "<" in rule:
                url, form = form_of(rule, rina)
    assert browser.send("GET", "/").status_code == (303 if is_stranger else 200)


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
