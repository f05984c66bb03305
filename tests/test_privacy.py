"""A customer with unmistakable data: where they stand, where they must not, and who sees which of them."""

import logging
import re
from html import unescape
from urllib.parse import unquote
from uuid import uuid4

import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from portal import config
from portal.loans import payments
from portal.notifications.models import COLLECTION, Notification
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vocabulary import RiskLevel
from tests.credit_scores.book import approve
from tests.factories import (
    make_customer,
    make_evaluation,
    make_kyc_check,
    make_loan,
    make_score,
    make_staff,
)
from tests.kyc.desk import held, reject, verify
from tests.loans.book import payment_of, press
from tests.notifications.messages import make_batch
from tests.notifications.working import release_all, work_off

NAME, LAST = "Zulaikha", "Qwertiningsih"
EMAIL, PHONE = "zulaikha.q@qwertimail.example", "+6281377001991"
NIK, BORN = "3273014107880042", "1 Jul 1988"
ADDRESS = "Jalan Zamrud Qwerti 77"
MARKS = [NAME, LAST, "zulaikha.q", "qwertimail", "81377001991", "1377-0019", "7001991", NIK, ADDRESS, "Zamrud"]
AMOUNT, SCORE, WHY_SCORE = "23.456.789", "643", "Payslips of four months in a row were seen"
NOTE, REFERENCE, REVERSED = "Edges look cut with scissors", "QBCA-1991", "The transfer was for the neighbour"
TERMS = [f"{NAME} {LAST}", LAST[:5].lower(), EMAIL, EMAIL.upper(), PHONE, "0813-7700-1991", NIK, ADDRESS]
URL = re.compile(r"""\b(?:href|action|formaction|src|data-here|hx-[a-z]+(?::\w+)?|content)=["']([^"']*)["']""")
NEXT = re.compile(r'name="next"[^>]*value="([^"]*)"')
MOST_PAGES = 250


@pytest.fixture
def rina(in_app):
    return make_staff(display_name="Rina Wulandari")


@pytest.fixture
def case(in_app, visit, rina, servers):
    """All that can be about a customer, made through the doors that are there for it."""
    browser, analyst = visit(rina), make_staff(Role.CREDIT_ANALYST, display_name="Bagas Nugroho")
    user_id = make_customer(
        fullname=f"{NAME} {LAST}",
        email=EMAIL,
        phone_number=PHONE,
        preferences={"language": "id", "channels": ["email"], "address": ADDRESS, "nik": NIK},
    )
    rejected = make_kyc_check(user_id=user_id, number=NIK, held_by=rina)
    reject(browser, rejected, "BLURRY", internal_note=NOTE)
    verified = make_kyc_check(user_id=user_id, number=NIK, held_by=rina, attempt=2)
    verify(browser, verified)
    loan_id = make_loan(user_id=user_id, loan_amount="23456789.00")
    score_id = make_score(user_id=user_id, loan_id=loan_id, internal=643, external=643, is_identified=False)
    evaluation = make_evaluation(loan_id=loan_id, vendor_name="Nusantara Biro", risk_level=RiskLevel.LOW)
    approve(score_id, analyst, note=WHY_SCORE)
    payment = payment_of(loan_id)
    payments.post(
        loan_id, payment.id,
        payments.PostAnswers(version=payment.version, amount=payment.payment_amount, reference=REFERENCE),
        by=uuid4(), actor=make_staff(Role.SUPPORT_AGENT).actor,
    )  # fmt: skip
    press(visit(analyst), "reverse", loan_id, reason=REVERSED)
    release_all()
    work_off(in_app)
    message = Notification(
        id=uuid4(), user_id=user_id, loan_id=loan_id, notification_category="loan", notification_type="email",
        notification_title="Pinjaman Anda disetujui", notification_content=f"Halo {NAME} {LAST}",
        created_at=clock.now(), notification_status="sent",
    )  # fmt: skip
    mongo.database[COLLECTION].insert_one(message.to_document())
    waiting = make_kyc_check(user_id=user_id, number=NIK, held_by=rina, attempt=3)
    return {
        "user_id": user_id, "kyc_id": waiting, "loan_id": loan_id, "credit_score_id": score_id,
        "payment_id": payment.id, "evaluation_id": evaluation, "message_id": message.id, "auth_id": rina.auth_id,
        "side": "front", "filename": "portal.css", "batch_id": make_batch(), "token": "no-such-token",
        "rejected": rejected,
    }  # fmt: skip


def addresses(portal, ids):
    """Every page of the portal, filled in; a route with a part that this test does not know makes it fail."""
    for rule in portal.url_map.iter_rules():
        if "GET" in rule.methods:
            unknown = rule.arguments - ids.keys()
            assert not unknown, f"say in tests/test_privacy.py what to open for {rule.rule}: {unknown}"
            yield re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda match: str(ids[match[1]]), rule.rule)
    yield f"/kyc/{ids['rejected']}"


def urls_of(answer):
    """Every address that an answer holds, in its page or its headers."""
    found = [answer.headers.get(name, "") for name in ("Location", "HX-Redirect", "HX-Location", "Refresh", "Link")]
    if answer.mimetype == "text/html":
        page = unescape(answer.get_data(as_text=True))
        found += [match[1] for match in URL.finditer(page)] + [match[1] for match in NEXT.finditer(page)]
    return [unquote(url) for url in found if url]


def walk(browser, start):
    """Open these pages and whatever they lead to; returns the answers by address."""
    answers, waiting = {}, list(start)
    while waiting and len(answers) < MOST_PAGES:
        url = waiting.pop(0)
        if url in answers:
            continue
        answers[url] = answer = browser.send("GET", url)
        if answer.mimetype == "text/html":
            for link in re.findall(r'(?:href|hx-get)="(/[^"#]*)"', answer.text):
                link = unescape(link)
                if not link.startswith(("/static/", "//", "/language")) and link not in answers:
                    waiting.append(link)
    return answers


def marks_in(text_):
    low = text_.lower()
    return [mark for mark in MARKS if mark.lower() in low]


@pytest.mark.slow
def test_nothing_personal_stands_in_an_address_a_log_the_trail_or_a_metric(in_app, visit, case, rina, caplog, capfd):
    start, opened = list(addresses(in_app, case)), 0
    with caplog.at_level(logging.DEBUG):
        for role in Role:
            browser = visit(rina if role is rina.role else make_staff(role))
            answers = list(walk(browser, start).values())
            for term in TERMS:
                answers += [browser.send("POST", url, data={"csrf_token": browser.token, "term": term})
                            for url in ("/search", "/customers")]  # fmt: skip
            answers += list(acts(browser, case))
            opened += sum(answer.status_code == 200 for answer in answers)
            for answer in answers:
                for url in urls_of(answer):
                    assert not marks_in(url), (role, answer.request.path, url)
        stranger = visit()
        for field, value in (("email", EMAIL), ("email", PHONE)):
            answer = stranger.post("/login", **{field: value, "password": ADDRESS})
            assert not any(marks_in(url) for url in urls_of(answer))
    assert opened > 60, "pages were seen"
    out, err = capfd.readouterr()
    logged = " ".join(f"{r.msg} {r.args} {r.getMessage()} {r.__dict__}" for r in caplog.records) + out + err
    assert "request" in logged, "the requests were logged"
    assert marks_in(logged) == []
    assert marks_in(trail()) == []
    assert marks_in(metrics(in_app, visit())) == []


def acts(browser, ids):
    """What people type personal data or reasons into."""
    why = {"reason": "CALL_BACK", "text": f"Call {NAME} back"}
    lease = held(ids["kyc_id"])
    sent = [
        (f"/customers/{ids['user_id']}/reveal", {"field": "phone", **why}),
        (f"/customers/{ids['user_id']}/reveal", {"field": "email", **why}),
        (f"/customers/{ids['user_id']}/delete", {"reason": "FRAUD", "confirmation": NAME, "version": "1"}),
        (f"/kyc/{ids['kyc_id']}/number", {"number": NIK, "lease_token": lease["lease_token"]}),
        (f"/kyc/{ids['kyc_id']}/reject", {"internal_note": ADDRESS, "customer_text": NAME, **lease}),
        (
            f"/loans/{ids['loan_id']}/payments/{ids['payment_id']}/post",
            {"reference": NAME, "amount": "1", "version": 1},
        ),
        (f"/credit-scores/{ids['credit_score_id']}/manual-score", {"score": "700", "reason": f"{NAME} {ADDRESS}"}),
    ]
    for url, fields in sent:
        form = {"csrf_token": browser.token, "command_id": str(uuid4()), **fields}
        yield browser.send("POST", url, data=form)


def trail():
    """Every row of the audit trail, as text."""
    db.session.rollback()
    return "\n".join(db.session.scalars(text("SELECT row_to_json(e)::text FROM audit_events e")))


def metrics(portal, stranger):
    """Every metric there is; by the page for Prometheus as well, where the portal has one."""
    told = generate_latest().decode()
    if any(rule.rule == "/metrics" for rule in portal.url_map.iter_rules()):
        token = getattr(config.current(), "metrics_token", "")
        told += stranger.send("GET", "/metrics", headers={"Authorization": f"Bearer {token}"}).text
    return told


READERS = {Role.CREDIT_ANALYST, Role.SUPPORT_AGENT, Role.ADMIN}
EVERYBODY, NOBODY = set(Role), set()
WHO_SEES = {
    "the name": (rf"{NAME} {LAST}", EVERYBODY),
    "the masked phone": (r"\+62813••••991", EVERYBODY),
    "the masked email": (r"z\*\*\*@q\*\*\*\.example", EVERYBODY),
    "the whole phone": (r"81377001991", NOBODY),
    "the whole email": (r"zulaikha\.q@", NOBODY),
    "the document number": (NIK, NOBODY),
    "the address": (r"Zamrud", NOBODY),
    "the birth date": (BORN, NOBODY),
    "the amount of a loan": (re.escape(AMOUNT), READERS),
    "a payment's reference": (REFERENCE, READERS),
    "why a payment was reversed": (REVERSED, READERS),
    "a score": (rf"\b{SCORE}\b", {Role.CREDIT_ANALYST}),
    "the note of a decision": (WHY_SCORE, {Role.CREDIT_ANALYST}),
    "a vendor": (r"Nusantara Biro", {Role.CREDIT_ANALYST}),
    "a reviewer's note": (NOTE, {Role.KYC_REVIEWER}),
    "a photo's address": (r"/images/front", {Role.KYC_REVIEWER}),
    "who looked": (r"Who looked at this customer", {Role.ADMIN}),
    "how to delete": (r"/customers/[0-9a-f-]+/delete", {Role.ADMIN}),
    "how to see a contact in full": (r"/customers/[0-9a-f-]+/reveal", {Role.KYC_REVIEWER, Role.SUPPORT_AGENT}),
}


@pytest.mark.slow
@pytest.mark.parametrize("role", [*Role])
def test_each_role_sees_its_fields_and_no_others(in_app, visit, case, rina, role):
    browser = visit(rina if role is rina.role else make_staff(role, display_name="Somebody"))
    answers = walk(browser, addresses(in_app, case))
    pages = {
        url: unescape(re.sub(r"\s+", " ", answer.text))
        for url, answer in answers.items()
        if answer.status_code == 200 and answer.mimetype in {"text/html", "text/csv"} and not url.startswith("/static")
    }
    for field, (pattern, roles) in WHO_SEES.items():
        where = [url for url, page in pages.items() if re.search(pattern, page)]
        assert bool(where) == (role in roles), (field, where[:5])


@pytest.mark.parametrize("role", [*Role])
def test_a_contact_in_full_and_a_birth_date_come_only_to_whoever_asks_for_them(in_app, visit, case, rina, role):
    browser = visit(rina if role is rina.role else make_staff(role))
    browser.get("/")
    seen = [answer.text for answer in acts(browser, case) if answer.status_code == 200]
    told = {
        what: any(mark in page for page in seen) for what, mark in (("phone", PHONE), ("email", EMAIL), ("born", BORN))
    }
    assert told == {
        "phone": role in {Role.SUPPORT_AGENT, Role.KYC_REVIEWER},
        "email": role in {Role.SUPPORT_AGENT, Role.KYC_REVIEWER},
        "born": role is Role.KYC_REVIEWER,
    }


def test_the_walk_sees_what_stands_in_addresses(in_app):
    """The test of the test: a page that leads somewhere with a name in the address would be found."""
    answer = in_app.response_class(f'<a href="/loans?q={NAME}">x</a><input name="next" value="/x?{LAST}">')
    answer.mimetype = "text/html"
    assert [marks_in(url) for url in urls_of(answer)] == [[NAME], [LAST]]
