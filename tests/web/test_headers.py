"""The headers of every answer, pages of errors among them."""

import re
from http.cookies import SimpleCookie

import pytest

from portal.permissions import Role
from portal.web.headers import IMAGE_POLICY
from tests.factories import make_customer, make_kyc_check, make_staff

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
FORM = "application/x-www-form-urlencoded"


def rest(answer, *names):
    """The headers without those that differ each time."""
    return {name: value for name, value in answer.headers.items() if name not in {"Content-Length", *names}}


def test_the_sign_in_page_sends_exactly_these_headers(in_app, visit):
    answer = visit().send("GET", "/login")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert rest(answer, "X-Request-ID", "Set-Cookie") == {
        **SECURITY,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Vary": "Cookie",
    }


def test_a_page_with_a_fragment_varies_by_who_asks(in_app, visit):
    browser = visit(make_staff())
    page, fragment = browser.get("/kyc"), browser.get("/kyc", htmx=True)
    for answer in (page, fragment):
        assert rest(answer, "X-Request-ID", "Set-Cookie") == {
            **SECURITY,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Vary": "HX-Request, HX-Request-Type, HX-History-Restore-Request, Cookie",
        }
    assert page.text.startswith("<!doctype html>")
    assert fragment.text.lstrip().startswith("<")
    assert "<html" not in fragment.text


def test_a_restored_history_entry_and_a_boosted_link_get_the_whole_page(in_app, visit):
    browser = visit(make_staff())
    for headers in (
        {"HX-History-Restore-Request": "true"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        {"HX-Request": "true", "HX-Boosted": "true"},
        {"HX-Request": "true", "HX-Request-Type": "full"},
    ):
        assert browser.send("GET", "/kyc", headers=headers).text.startswith("<!doctype html>"), headers


def failures(check):
    """One request for each way to fail."""
    yield 400, "GET", "/%00", {}
    yield 400, "GET", "/login", {"base_url": "https://elsewhere.example"}
    yield 400, "POST", "/login", {"data": {"email": "somebody@example.com"}}
    yield 403, "POST", "/login", {"headers": {"Origin": "https://elsewhere.example"}}
    yield 403, "GET", f"/kyc/{check}", {}
    yield 404, "GET", "/nothing", {}
    yield 404, "GET", "/static/nothing", {}
    yield 404, "GET", "/login/token/nothing", {}
    yield 405, "PUT", "/login", {}
    yield 405, "TRACE", "/", {}
    yield 413, "POST", "/login", {"data": b"a" * 1_200_000, "content_type": FORM}
    yield 415, "POST", "/login", {"json": {"email": "somebody@example.com"}}
    yield 422, "GET", "/kyc?after=garbage", {}


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_every_error_sends_them_too(in_app, visit, htmx):
    analyst, reviewer = visit(make_staff(Role.CREDIT_ANALYST)), visit(make_staff())
    for status, method, url, options in failures(make_kyc_check()):
        browser = analyst if status == 403 else reviewer
        headers = {**options.pop("headers", {}), **({"HX-Request": "true"} if htmx else {})}
        answer = browser.send(method, url, headers=headers, **options)
        assert answer.status_code == status, (method, url)
        present = rest(answer)
        assert present.items() >= {**SECURITY, "Content-Security-Policy": POLICY}.items(), (method, url)
        assert present["Cache-Control"] == "no-store" or "/static/" in url, (method, url)
        assert present["X-Request-ID"]
        assert present["Content-Type"] in {"text/html; charset=utf-8", "text/plain; charset=utf-8"}
        assert present.keys() - SECURITY.keys() <= {
            "Content-Security-Policy", "Cache-Control", "Content-Type", "X-Request-ID", "Vary", "Set-Cookie", "Allow",
            "HX-Retarget", "HX-Reswap",
        }  # fmt: skip
        assert "Traceback" not in answer.text
        if htmx and answer.mimetype == "text/html":
            assert (present["HX-Retarget"], present["HX-Reswap"]) == ("#flashes", "innerHTML"), url
            assert "<html" not in answer.text


def test_every_page_of_an_error_is_a_whole_page_with_a_title_and_a_sentence(in_app, visit):
    browser = visit(make_staff())
    seen = {url: browser.get(url) for url in ("/nothing", "/kyc?after=garbage", "/%ff", "/logout")}
    assert [answer.status_code for answer in seen.values()] == [404, 422, 400, 405]
    assert "There is nothing here" in seen["/nothing"].text
    assert "Start again from the first page." in seen["/kyc?after=garbage"].text
    assert set(seen["/logout"].headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_a_head_answers_like_a_get_without_its_body(in_app, visit):
    browser, check = visit(make_staff()), make_kyc_check()
    for url in ("/", "/kyc", f"/kyc/{check}", f"/kyc/of-customer/{make_customer()}", "/login", "/healthz", "/nothing"):
        get, head = browser.send("GET", url), browser.send("HEAD", url)
        assert (head.status_code, head.text) == (get.status_code, "")
        assert rest(head, "X-Request-ID", "Set-Cookie") == rest(get, "X-Request-ID", "Set-Cookie")


def test_nothing_is_traced_and_no_other_origin_is_let_in(in_app, visit):
    browser = visit(make_staff())
    assert browser.send("TRACE", "/", headers={"X-Secret": "s3cr3t"}).status_code == 405
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for method, url in (("OPTIONS", "/login"), ("OPTIONS", "/kyc"), ("GET", "/login")):
        answer = browser.send(method, url, headers=asked)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
        assert "Server" not in answer.headers
        assert "X-Powered-By" not in answer.headers


def test_an_image_has_a_policy_of_its_own_and_is_not_kept(in_app, visit):
    rina = make_staff()
    check = make_kyc_check(held_by=rina)
    answer = visit(rina).send("GET", f"/kyc/{check}/images/front")
    assert rest(answer, "X-Request-ID", "Vary", "Set-Cookie") == {
        **SECURITY,
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'inline; filename="front.jpg"',
        "Content-Security-Policy": IMAGE_POLICY,
        "Cache-Control": "no-store",
    }
    assert IMAGE_POLICY == "default-src 'none'; sandbox"


def test_static_files_are_kept_for_a_year_under_their_hash(in_app, visit):
    browser = visit()
    page = browser.get("/login").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) >= 3
    for address in addresses:
        answer = browser.send("GET", address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert rest(answer).items() >= SECURITY.items()
        assert browser.send("GET", address.split("?")[0]).headers["Cache-Control"] == "no-cache"
    assert "no-store" in browser.send("GET", "/login?v=1").headers["Cache-Control"]


def test_no_page_loads_anything_from_elsewhere(in_app, visit):
    rina, stranger = make_staff(), visit()
    browser, check = visit(rina), make_kyc_check(held_by=rina)
    pages = [browser.get(url).text for url in ("/", "/kyc", f"/kyc/{check}", "/login/again", "/nothing")]
    for page in [*pages, stranger.get("/login").text]:
        assert not re.search(r'(?:href|src|action|hx-get|hx-post)="(?:https?:)?//', page)


def cookies_of(answer):
    jar = [SimpleCookie(line) for line in answer.headers.getlist("Set-Cookie")]
    return {name: morsel for cookie in jar for name, morsel in cookie.items()}


def test_every_cookie_is_for_this_host_only_and_for_no_script(in_app, visit):
    rina, browser = make_staff(), visit()
    answers = [
        browser.get("/login"),
        browser.post("/language", language="id"),
        browser.post("/login", email=rina.email, password="correct-horse-battery"),
        browser.get("/"),
        browser.post("/account/preferences", theme="dark"),
        browser.post("/login/again", password="correct-horse-battery"),
        browser.get("/"),
        browser.post("/logout"),
    ]
    seen = set()
    for answer in answers:
        for name, cookie in cookies_of(answer).items():
            assert name.startswith("__Host-")
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
            assert (cookie["path"], cookie["domain"]) == ("/", "")
            assert len(cookie.OutputString()) < 4096
            seen.add(name)
    assert seen == {"__Host-portal", "__Host-session", "__Host-language"}
    signed_in = cookies_of(answers[2])["__Host-session"]
    assert (signed_in["max-age"], signed_in["expires"]) == ("", ""), "it ends with the browser"


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "localhost.elsewhere.example", "localhost:80:80", "", "[", "a b"]
)
def test_an_unknown_host_is_refused_without_naming_it(in_app, visit, host):
    for method in ("GET", "POST"):
        answer = visit().send(method, "/login", headers={"Host": host})
        assert answer.status_code == 400, host
        assert "elsewhere" not in answer.text + str(answer.headers)


def test_no_address_is_built_from_what_the_request_says_of_its_host(in_app, visit):
    lying = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example"}
    for url in ("/login", "/kyc", "/nothing"):
        answer = visit().send("GET", url, headers={**lying, "Referer": "https://evil.example/"})
        assert "evil.example" not in answer.text + str(answer.headers)
