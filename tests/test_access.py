"""Who may use which route: the policy written out once more, and every route tried by everybody."""

import re
from uuid import UUID, uuid4

import pytest

from portal.permissions import EVERYBODY, GRANTS, Permission, Role
from portal.shared import clock
from portal.web.access import WrongRole, require_declared_routes
from tests.factories import (
    audit_events,
    make_customer,
    make_evaluation,
    make_kyc_check,
    make_score,
    make_staff,
)
from tests.loans.book import make_approved, payment_of
from tests.notifications.messages import make_batch, make_message
from tests.portals import another_portal

ANYBODY = None
STAFF = {*Role}
REVIEWER = {Role.KYC_REVIEWER}
ANALYST = {Role.CREDIT_ANALYST}
SUPPORT = {Role.SUPPORT_AGENT}
ADMIN = {Role.ADMIN}
NOT_THE_REVIEWER = STAFF - REVIEWER
MESSAGES = {Role.SUPPORT_AGENT, Role.ADMIN}

POLICY = {
    "GET /static/<path:filename>": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /login": ANYBODY,
    "POST /login": ANYBODY,
    "GET /login/token/<token>": ANYBODY,
    "POST /login/token/<token>": ANYBODY,
    "POST /language": ANYBODY,
    "POST /login/passkey/options": ANYBODY,
    "POST /login/passkey": ANYBODY,
    "GET /login/again": STAFF,
    "POST /login/again": STAFF,
    "POST /login/again/passkey": STAFF,
    "GET /account": STAFF,
    "POST /account/password": STAFF,
    "GET /account/passkeys/new": STAFF,
    "POST /account/passkeys/options": STAFF,
    "POST /account/passkeys": STAFF,
    "POST /account/passkeys/<uuid:passkey_id>/rename": STAFF,
    "POST /account/passkeys/<uuid:passkey_id>/remove": STAFF,
    "POST /account/sessions/<uuid:session_id>/end": STAFF,
    "POST /account/sessions/end-others": STAFF,
    "POST /account/preferences": STAFF,
    "POST /account/renew": STAFF,
    "GET /": STAFF,
    "GET /counters": STAFF,
    "POST /search": STAFF,
    "GET /customers": STAFF,
    "POST /customers": STAFF,
    "GET /customers/<uuid:user_id>": STAFF,
    "GET /customers/<uuid:user_id>/timeline": STAFF,
    "GET /customers/<uuid:user_id>/delete": {Role.ADMIN},
    "POST /customers/<uuid:user_id>/delete": {Role.ADMIN},
    "POST /customers/<uuid:user_id>/reveal": {Role.KYC_REVIEWER, Role.SUPPORT_AGENT},
    "POST /customers/<uuid:user_id>/deactivate": {Role.ADMIN},
    "POST /customers/<uuid:user_id>/activate": {Role.ADMIN},
    "GET /kyc/of-customer/<uuid:user_id>": STAFF,
    "GET /kyc": REVIEWER,
    "GET /kyc/live": REVIEWER,
    "GET /kyc/decisions": REVIEWER,
    "GET /kyc/export.csv": REVIEWER,
    "POST /kyc/next": REVIEWER,
    "GET /kyc/<uuid:kyc_id>": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/claim": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/hold": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/release": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/number": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/verify": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/reject": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/undo": REVIEWER,
    "POST /kyc/<uuid:kyc_id>/expire": REVIEWER,
    "GET /kyc/<uuid:kyc_id>/images/<any(front, selfie):side>": REVIEWER,
    "GET /loans": NOT_THE_REVIEWER,
    "GET /loans/export.csv": NOT_THE_REVIEWER,
    "GET /loans/overdue": NOT_THE_REVIEWER,
    "GET /loans/of-customer/<uuid:user_id>": NOT_THE_REVIEWER,
    "GET /loans/<uuid:loan_id>": NOT_THE_REVIEWER,
    "GET /loans/<uuid:loan_id>/history": NOT_THE_REVIEWER,
    "GET /loans/<uuid:loan_id>/payments": NOT_THE_REVIEWER,
    "POST /loans/<uuid:loan_id>/payments/<uuid:payment_id>/post": SUPPORT,
    "POST /loans/<uuid:loan_id>/payments/<uuid:payment_id>/reverse": ANALYST,
    "POST /loans/<uuid:loan_id>/payments/<uuid:payment_id>/reschedule": ANALYST,
    "GET /notifications": MESSAGES,
    "GET /notifications/live": MESSAGES,
    "GET /notifications/export.csv": MESSAGES,
    "POST /notifications/resend": SUPPORT,
    "GET /notifications/batches": SUPPORT,
    "GET /notifications/batches/<uuid:batch_id>": SUPPORT,
    "GET /notifications/batches/<uuid:batch_id>/live": SUPPORT,
    "POST /notifications/batches/<uuid:batch_id>/confirm": SUPPORT,
    "POST /notifications/batches/<uuid:batch_id>/cancel": SUPPORT,
    "POST /notifications/batches/<uuid:batch_id>/rerun": SUPPORT,
    "GET /notifications/<uuid:message_id>": MESSAGES,
    "POST /notifications/<uuid:message_id>/resend": SUPPORT,
    "POST /notifications/<uuid:message_id>/reveal": SUPPORT,
    "GET /notifications/<uuid:message_id>/content": MESSAGES,
    "GET /notifications/of-loan/<uuid:loan_id>": NOT_THE_REVIEWER,
    "GET /notifications/of-customer/<uuid:user_id>": MESSAGES,
    "GET /dev/outbox": MESSAGES,
    "POST /receipts/<channel>": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /staff": ADMIN,
    "POST /staff": ADMIN,
    "GET /staff/new": ADMIN,
    "GET /staff/<uuid:auth_id>": ADMIN,
    "POST /staff/<uuid:auth_id>/role": ADMIN,
    "POST /staff/<uuid:auth_id>/deactivate": ADMIN,
    "POST /staff/<uuid:auth_id>/activate": ADMIN,
    "POST /staff/<uuid:auth_id>/reset": ADMIN,
    "POST /staff/<uuid:auth_id>/sessions/revoke": ADMIN,
    "GET /audit": ADMIN,
    "GET /audit/export.csv": ADMIN,
    "GET /credit-scores": ANALYST,
    "GET /credit-scores/<uuid:credit_score_id>": ANALYST,
    "GET /credit-scores/of-loan/<uuid:loan_id>": ANALYST,
    "GET /credit-scores/of-customer/<uuid:user_id>": ANALYST,
    "POST /credit-scores/<uuid:credit_score_id>/manual-score": ANALYST,
    "POST /credit-scores/<uuid:credit_score_id>/manual-score/preview": ANALYST,
    "POST /credit-scores/<uuid:credit_score_id>/approve": ANALYST,
    "POST /credit-scores/<uuid:credit_score_id>/reject": ANALYST,
    "POST /credit-scores/<uuid:credit_score_id>/undo": ANALYST,
    "GET /credit-scores/<uuid:credit_score_id>/evaluations": ANALYST,
    "POST /risk-evaluations/<uuid:evaluation_id>/reveal": ANALYST,
    "POST /logout": STAFF,
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def addresses(in_app):
    """Every route's method with an address of it that leads to something."""
    loan_id = make_approved()
    ids = {
        "<uuid:loan_id>": str(loan_id),
        "<uuid:payment_id>": str(payment_of(loan_id).id),
        "<uuid:kyc_id>": str(make_kyc_check()),
        "<uuid:user_id>": str(make_customer()),
        "<uuid:message_id>": str(make_message()),
        "<uuid:batch_id>": str(make_batch()),
        "<uuid:auth_id>": str(make_staff().auth_id),
        "<uuid:passkey_id>": str(uuid4()),
        "<uuid:session_id>": str(uuid4()),
        "<uuid:credit_score_id>": str(make_score()),
        "<uuid:evaluation_id>": str(make_evaluation(loan_id=loan_id)),
        "<any(front, selfie):side>": "front",
        "<path:filename>": "portal.css",
        "<token>": "no-such-token",
        "<channel>": "sms",
    }

    def address(rule: str) -> str:
        for placeholder, value in ids.items():
            rule = rule.replace(placeholder, value)
        return rule

    return {route: (route.split()[0], address(route.split(maxsplit=1)[1])) for route in POLICY}


def attempts(method: str):
    """The ways to send one request that must not make a difference."""
    yield method, {}
    yield method, HTMX
    if method == "GET":
        yield "HEAD", {}
        yield "HEAD", HTMX


def is_sign_in(answer) -> bool:
    address = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""
    return address.startswith("/login?next=")


def test_every_route_stands_in_the_policy_and_the_reverse(portal):
    routes = {f"{method} {rule.rule}" for rule in portal.url_map.iter_rules() for method in rule.methods or ()}
    assert {route for route in routes if route.split()[0] not in {"HEAD", "OPTIONS"}} == POLICY.keys()


@pytest.mark.parametrize("role", [*Role])
def test_a_role_uses_its_own_routes_and_no_others(addresses, visit, role):
    staff = make_staff(role)
    browser = visit(staff)
    if role is Role.KYC_REVIEWER:  # who sees a contact only while holding the customer's case
        customer = UUID(addresses["POST /customers/<uuid:user_id>/reveal"][1].split("/")[2])
        make_kyc_check(user_id=customer, held_by=staff)
    wrong, refusals = [], 0
    for route, (method, url) in addresses.items():
        is_allowed = POLICY[route] is ANYBODY or role in POLICY[route]
        for sent, headers in attempts(method):
            if route == "POST /logout" and headers:
                continue  # it is over after the first
            form = {"csrf_token": browser.token} if method == "POST" else None
            answer = browser.send(sent, url, headers=headers, data=form)
            if answer.status_code in {401, 403} or is_sign_in(answer):
                wrong += [(sent, route, headers, answer.status_code)] if is_allowed else []
            else:
                wrong += [(sent, route, headers, answer.status_code)] if not is_allowed else []
            refusals += not is_allowed
            if not is_allowed and sent != "HEAD" and not headers:
                assert "Your role cannot open this" in answer.text
    assert wrong == []
    assert len(audit_events("access.refused")) == refusals


def test_a_stranger_is_led_to_sign_in_from_everywhere_else(addresses, visit):
    browser, before = visit(), len(audit_events())
    for route, (method, url) in addresses.items():
        for sent, headers in attempts(method):
            answer = browser.send(sent, url, headers=headers)
            if POLICY[route] is ANYBODY:
                assert not is_sign_in(answer), route
            elif headers:
                assert (answer.status_code, answer.text) == (401, ""), route
                assert answer.headers["HX-Redirect"].startswith("/login?next=/"), route
                assert "HX-Request" in answer.headers["Vary"]
            else:
                assert answer.status_code == 303, route
                assert answer.location.startswith("/login?next=/"), route
                assert "HX-Request" in answer.headers["Vary"]
    assert len(audit_events()) == before


def test_after_signing_in_a_stranger_is_where_he_wanted_to_go(in_app, visit):
    rina, browser = make_staff(), visit()
    sent_away = browser.get("/kyc?status=verified&flag=duplicate")
    page = browser.get(sent_away.location)
    assert 'name="next" type="hidden" value="/kyc?status=verified&amp;flag=duplicate"' in page.text
    answer = browser.post("/login", email=rina.email, password="correct-horse-battery", next="/kyc?status=verified")
    assert (answer.status_code, answer.location) == (303, "/kyc?status=verified")


def test_a_dead_fragment_leads_back_to_the_page_around_it(in_app, visit):
    answer = visit().send(
        "GET", "/kyc/live", headers={**HTMX, "HX-Current-URL": "https://localhost/kyc", "Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/kyc")


def test_a_dead_fragment_leads_back_to_the_page_with_its_filters(in_app, visit):
    headers = {**HTMX, "HX-Current-URL": "https://localhost/kyc?status=verified&document_type=sim"}
    answer = visit().send("GET", "/kyc/live", headers=headers)
    assert answer.headers["HX-Redirect"] == "/login?next=/kyc?status%3Dverified%26document_type%3Dsim"


@pytest.mark.parametrize("address", ["http://[", "https://evil.example/kyc?x", "//evil.example/", "\\\\evil", "", "ä"])
def test_what_a_browser_says_of_its_page_leads_nowhere_else(in_app, visit, address):
    for headers in ({**HTMX, "HX-Current-URL": address}, {**HTMX, "Referer": address}):
        answer = visit().send("GET", "/kyc", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"] in {"/login?next=/", "/login?next=/kyc"}


def test_a_refusal_is_recorded_once_with_who_what_and_whom(in_app, visit):
    maya, check = make_staff(Role.SUPPORT_AGENT), make_kyc_check()
    browser = visit(maya)
    answer = browser.get(f"/kyc/{check}")
    assert answer.status_code == 403
    assert "Your role cannot open this" in answer.text
    [event] = audit_events("access.refused")
    assert (event.actor_id, event.actor_role, event.subject) == (maya.auth_id, "support_agent", check)
    assert event.details == {"permission": "kyc:read"}
    assert event.session_id is not None


@pytest.mark.parametrize("permission", sorted({*Permission} - EVERYBODY))
def test_who_is_refused_is_told_which_roles_may(portal, permission):
    with portal.test_request_context():
        refusal = WrongRole(permission)
    assert refusal.sentence == f"You cannot {permission.word}."
    assert permission.word != permission, "a code is no word"
    named = {role for role in Role if role.word in refusal.advice} or {Role.ADMIN}
    assert named == {role for role in Role if permission in GRANTS[role]}


def test_headers_that_pretend_open_nothing(in_app, visit):
    rina, check = make_staff(), make_kyc_check()
    pretending = {
        "X-Forwarded-User": rina.email,
        "X-Remote-User": rina.email,
        "X-Original-URL": "/login",
        "X-Rewrite-URL": "/login",
        "X-HTTP-Method-Override": "GET",
        "X-Method-Override": "GET",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Host": "evil.example",
        "Authorization": "Basic cmluYTpyaW5h",
    }
    answer = visit().send("GET", "/kyc", headers=pretending)
    assert (answer.status_code, answer.location) == (303, "/login?next=/kyc")
    browser = visit(make_staff(Role.ADMIN))
    assert browser.send("GET", f"/kyc/{check}", headers=pretending).status_code == 403
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    reviewer = visit(rina)
    assert reviewer.send("GET", f"/kyc/{check}/claim", headers=override).status_code == 405
    assert reviewer.send("GET", f"/kyc/{check}?_method=POST", headers=override).status_code == 200


@pytest.mark.parametrize(
    "spelling",
    [
        str.upper,
        lambda id_: id_.replace("-", ""),
        lambda id_: f"{{{id_}}}",
        lambda id_: f"urn:uuid:{id_}",
        "{}%20".format,
    ],
    ids=["upper case", "without dashes", "braces", "urn", "blank behind"],
)
def test_an_id_has_one_spelling(in_app, visit, spelling):
    check = make_kyc_check(kyc_id=UUID("abcdef12-3456-4789-abcd-ef1234567890"))
    customer = make_customer(id=UUID("abcdef12-3456-4789-abcd-ef1234567891"))
    browser = visit(make_staff())
    assert browser.get(f"/kyc/{check}").status_code == 200
    assert browser.get(f"/kyc/of-customer/{customer}").status_code == 200
    for url in (f"/kyc/{spelling(str(check))}", f"/kyc/of-customer/{spelling(str(customer))}"):
        assert browser.get(url).status_code == 404


def test_an_id_of_nothing_is_not_found(in_app, visit):
    browsers, nothing = {role: visit(make_staff(role)) for role in Role}, str(uuid4())
    fields = {
        "version": 1,
        "lease_token": uuid4(),
        "number": "3273010101010001",
        "reason": "It was lost at sea.",
        "amount": "1000",
        "reference": "BCA-1",
        "due_date": clock.today().isoformat(),
        "name": "Phone",
    }
    for route, roles in POLICY.items():
        method, rule = route.split(maxsplit=1)
        if roles is ANYBODY or "<uuid:" not in rule:
            continue
        url = re.sub("<uuid:[a-z_]+>", nothing, rule).replace("<any(front, selfie):side>", "front")
        browser = browsers[min(roles)]
        answer = browser.get(url) if method == "GET" else browser.post(url, **fields)
        assert answer.status_code == 404, route
        assert "There is nothing here" in answer.text


def test_an_installment_of_another_loan_is_not_found_there(in_app, visit):
    mine, other = make_approved(), make_approved()
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    answer = browser.post(
        f"/loans/{mine}/payments/{payment_of(other).id}/post", version=1, amount="1", reference="BCA-1"
    )
    assert answer.status_code == 404


def test_a_spelling_of_the_address_opens_nothing(in_app, visit):
    check, stranger = make_kyc_check(), visit()
    for url in ("/kyc/", "/KYC", "/kyc/.", "/kyc%2f", "/./kyc", "/static/../kyc", f"/kyc/{check}/", f"/kyc//{check}",
                "/kyc;a=b", "/kyc%00", "/static/..%2fkyc"):  # fmt: skip
        answer = stranger.send("GET", url)
        assert answer.status_code in {303, 308, 400, 404}, url
        assert "Identity check" not in answer.text


def test_a_route_that_does_not_say_who_may_use_it_keeps_the_portal_from_starting(environment, app):
    with another_portal(environment) as other:
        other.add_url_rule("/forgotten", "forgotten", lambda: "everything")
        with pytest.raises(RuntimeError, match="do not say who may use them: forgotten"):
            require_declared_routes(other)
