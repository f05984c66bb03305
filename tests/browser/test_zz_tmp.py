import pytest
from tests.browser.acting import *
from tests.factories import make_staff
import tests.browser.test_pages as tp
from tests.browser.test_pages import look, rina
from tests.browser.seeing import *
pytestmark = pytest.mark.browser
def test_t(look, rina, visit):
    page = tp.record_of_a_verification(look=look, rina=rina, visit=visit)
    print(tab_stops(page))
    page.screenshot(path="/tmp/shots/expire.png")
    page = tp.workspace(look=look, rina=rina, visit=visit)
    page.locator(".skip-link").focus()
    print(tab_stops(page))
    page.get_by_label("Valid until").focus()
    for i in range(5):
        print(page.evaluate(FOCUSED))
        page.screenshot(path=f"/tmp/shots/date{i}.png", clip={"x":900,"y":100,"width":380,"height":620})
        press(page, "Tab")
