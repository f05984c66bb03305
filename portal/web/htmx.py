"""htmx-flask made fit for htmx 4, whose request headers it does not know."""

from functools import cached_property
from typing import Any

from flask import Flask
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest, HtmxHeaders


class Htmx4Headers(HtmxHeaders):
    """What htmx 4 says about a request."""

    @cached_property
    def wants_full_page(self) -> bool:
        """Not by htmx at all, or to replace the whole page; a restored history entry has no ``HX-Request``."""
        return (
            not self or self.boosted or self.history_restore_request or self._headers.get("HX-Request-Type") == "full"
        )

    @cached_property
    def is_script_request(self) -> bool:
        """A script will read the answer, so a redirect to the sign-in page would land in a fragment."""
        return bool(self) or self.history_restore_request


class Htmx4Request(HtmxAwareRequest):
    """A request with ``request.htmx`` as htmx 4 means it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.htmx = Htmx4Headers(self.headers)


class Htmx4(Htmx):
    """The extension, with the request class above."""

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        app.request_class = Htmx4Request
