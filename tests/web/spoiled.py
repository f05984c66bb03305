"""Values that nobody asked for, and what no answer to them may be."""

import re

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
