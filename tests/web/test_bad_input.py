"""What a person, or a program, may send in place of what was asked for: never a 5xx, never anything in return."""

import re
from datetime import timedelta
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from portal import auth
from portal.credit_scores.models import CreditScore
from portal.kyc.models import KycCheck, KycStatus
from portal.loans import payments
from portal.permissions import Role
from portal.shared.database import db
from tests.factories import (
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
from tests.web.spoiled import VALUES, look_at

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
            payments.post(
                loan_id, payment.id,
                payments.PostAnswers(version=payment.version, amount=payment.payment_amount, reference=new_reference()),
                by=uuid4(), actor=make_staff(Role.SUPPORT_AGENT).actor,
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
