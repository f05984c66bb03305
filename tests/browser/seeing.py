"""Looking at a page as those do who need it large, dark, narrow, by keyboard or read out."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {1440: 900, 1024: 768, 390: 844, 320: 640}
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
FOCUSED = """() => {
  const element = document.activeElement, around = [element, element.closest('label'), element.parentElement];
  const box = (element.closest('.segmented label') ?? element).getBoundingClientRect();
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: element.id || element.dataset.stage || element.textContent.trim().slice(0, 40) || element.tagName,
    ring: element.type === 'date' || around.some(one => one && getComputedStyle(one).outlineStyle !== 'none'),
    seen: Boolean(hit) && around.some(one => one?.contains(hit)),
    over: element === document.body,
  };
}"""
CLIPPED = """() => [...document.querySelectorAll(
    '.btn, .chip, .flag, .navlink, .segmented *, .tabs a, legend, summary, dt')]
  .filter(one => one.checkVisibility() && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .map(one => one.textContent.trim().slice(0, 60))"""


def faults(page: Page, within: str | None = None, width: int = 1440) -> list[str]:
    """What does not fit at any width, and what axe finds at this one in light and in dark.

    Only colours change in the dark, so there only they are looked at again.
    """
    found = misfits(page)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    for scheme, options in (("light", RULES), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        result = Axe().run(page, context=within, options=options)
        if result.violations_count:
            found.append(f"at {width} in {scheme}:\n{result.generate_report()}")
    return found


def misfits(page: Page) -> list[str]:
    """Where the page can be moved sideways, and which words do not fit in what they stand on."""
    found: list[str] = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        found += [f"at {width}: {wide} px wide"] * (wide > width)
        found += [f"at {width}: clipped: {words}" for words in page.evaluate(CLIPPED)]
    return found


def tab_stops(page: Page, at_most: int = 80) -> list[str]:
    """Press Tab from the first stop until the page is left: the name of every stop, and what is wrong with it."""
    stops: list[str] = []
    page.locator(".skip-link").focus()
    for _ in range(at_most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["over"]:
            break
        stops.append(stop["name"] + ("" if stop["ring"] else " (no ring)") + ("" if stop["seen"] else " (covered)"))
    return stops
