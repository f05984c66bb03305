"""An e-mail's HTML: one function for what a customer's mail program gets and for what staff see of it."""

from html import escape

SHEET = "margin:0;padding:16px;background:#ffffff;color:#1b1f24;font:16px/1.5 sans-serif;overflow-wrap:anywhere"
PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light">'
    '<title>{title}</title></head><body style="{sheet}">{body}</body></html>'
)


def html(title: str, content: str, link: str | None, *, leads_away: bool = True) -> str:
    """A paragraph for each line, then the link; that is only text unless it ``leads_away``."""
    lines = [f'<p dir="auto">{escape(line)}</p>' for line in content.splitlines() if line.strip()]
    if link:
        shown = escape(link)
        lines.append(f'<p><a href="{shown}">{shown}</a></p>' if leads_away else f"<p>{shown}</p>")
    return PAGE.format(title=escape(title), sheet=SHEET, body="".join(lines))
