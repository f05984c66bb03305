"""Looking at a page as those do who need it large, dark, narrow, by keyboard or read out."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {1440: 900, 1024: 768, 390: 844, 320: 640}
READ_OUT_FROM = 390
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
FOCUSED = """() => {
  const element = document.activeElement, around = [element, element.closest('label'), element.parentElement];
  const box = (element.closest('.segmented label') ?? element).getBoundingClientRect();
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: element.id || element.dataset.stage || element.textContent.trim().slice(0, 40) || element.tagName,
    ring: around.some(one => one && getComputedStyle(one).outlineStyle !== 'none'),
    seen: Boolean(hit) && around.some(one => one?.contains(hit)),
    over: element === document.body,
  };
}"""


def faults(page: Page) -> list[str]:
    """What axe finds at every width in light and in dark, and where the page can be moved sideways.

    Only colours change in the dark, so there only they are looked at again.
    """
    found = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        if (wide := width_of(page)) > width:
            found.append(f"at {width}: {wide} px wide")
        if width < READ_OUT_FROM:
            continue
        for scheme, options in (("light", RULES), ("dark", CONTRAST)):
            page.emulate_media(color_scheme=scheme)
            result = Axe().run(page, options=options)
            if result.violations_count:
                found.append(f"at {width} in {scheme}:\n{result.generate_report()}")
    return found


def width_of(page: Page) -> int:
    """How wide the page's content is; more than the window's width means that it moves sideways."""
    return int(page.evaluate("document.scrollingElement.scrollWidth"))


def tab_stops(page: Page, at_most: int = 80) -> list[str]:
    """Press Tab until the page is left: the name of every stop, and what is wrong with it."""
    stops: list[str] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["over"]:
            break
        stops.append(stop["name"] + ("" if stop["ring"] else ": no ring") + ("" if stop["seen"] else ": covered"))
    return stops
