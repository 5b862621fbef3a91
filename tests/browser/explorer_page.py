"""One open page of the explorer, as the tests see it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from explorer_server import Running
from playwright.sync_api import Browser, Locator, Page, expect

#: Where pictures of the page are kept; git does not know it.
PICTURES = Path(os.environ.get("TEGUM_SCREENSHOTS", "build/screenshots"))
#: Once sizes and what is in sight have been told: all observers are told in one task.
_SEEN = """() => new Promise((tell) => {
    const last = new IntersectionObserver(() => { last.disconnect(); tell(); });
    last.observe(document.documentElement);
})"""
_HOLDS = """() => {
    const t = globalThis.tegum;
    try { return t && (%s); } catch (error) {
        if (String(error).includes('properties of null')) return false;
        throw error;
    }
}"""
_SECONDS = 300_000  # milliseconds; a machine may be busy, and kernels are compiled at first


class ExplorerPage:
    """A page, its complaints, and whom it asked."""

    def __init__(
        self,
        server: Running,
        browser: Browser,
        fragment: str = "",
        **how: Any,
    ) -> None:
        self.server = server
        self.open(browser, f"{server.origin}/?token={server.token}{fragment}", **how)

    def open(
        self,
        browser: Browser,
        address: str,
        *,
        width: int = 1280,
        height: int = 800,
        **options: Any,
    ) -> None:
        """In a window of its own."""
        size = {"width": width, "height": height}
        self.context = browser.new_context(viewport=size, accept_downloads=True, **options)  # type: ignore[arg-type]
        self.page = self.context.new_page()
        self.page.set_default_timeout(_SECONDS)
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.on("websocket", lambda socket: self.asked.add(socket.url))
        self.page.goto(address)

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.complaints.append(message.text)

    def must_be_clean(self) -> None:
        """No complaint in the console, and no request to anybody but `hosts`."""
        assert not self.complaints, self.complaints
        schemes = ("data", "blob")
        hosts = {urlsplit(url).netloc for url in self.asked if urlsplit(url).scheme not in schemes}
        assert hosts == self.hosts

    @property
    def hosts(self) -> set[str]:
        """Whom it may ask: the server."""
        return {f"127.0.0.1:{self.server.port}"}

    def close(self) -> None:
        self.context.close()

    # --- what is shown -------------------------------------------------------------------------

    def read(self, what: str) -> Any:
        """A value of the page's own window for tests, e.g. `frame.step`; of drawings, the last."""
        if what.startswith("drawn"):
            self.painted()
        return self.page.evaluate(f"() => globalThis.tegum.{what}")

    def wait(self, condition: str) -> None:
        """Until a condition on `t`, that window, holds; of what is not there yet, none does."""
        self.page.wait_for_function(_HOLDS % condition)

    def at_rest(self, step: int) -> None:
        """Until a training has come to a stop at a step, and its analysis is there."""
        self.wait(f"t.frame && t.frame.step === {step} && t.frame.status !== 'running'")
        self.wait(f"t.analysis && t.analysis.step === {step} && t.analysis.run === t.frame.run")
        self.wait("t.settled && t.analysis.selected.seed === t.frame.selected.seed")

    def painted(self) -> None:
        """Until all that is in sight is drawn as it is now."""
        self.page.evaluate(_SEEN)
        self.wait("t.painted")

    def picture(self, name: str) -> None:
        """Keep a screenshot."""
        self.keep(self.page, name)

    @staticmethod
    def keep(page: Page, name: str) -> None:
        """A screenshot of any page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")

    # --- what is done --------------------------------------------------------------------------

    def control(self, name: str) -> Locator:
        return self.page.locator(f"[name='{name}']")

    def open_groups(self) -> None:
        """Unfold all controls, once they are there: what they offer is the server's to say."""
        self.page.locator("details.group").last.wait_for()
        self.page.evaluate(
            "() => document.querySelectorAll('details.group').forEach((d) => (d.open = true))"
        )

    def slide(self, name: str, share: float) -> None:
        """A slider to a share of its way."""
        slider = self.control(name)
        low, high = (float(slider.get_attribute(end) or 0) for end in ("min", "max"))
        slider.evaluate(
            "(input, value) => { input.value = value;"
            " input.dispatchEvent(new Event('input', { bubbles: true })); }",
            str(round(low + share * (high - low))),
        )

    def type_in(self, name: str, value: float | str) -> None:
        """A number into its field."""
        field = self.control(name)
        field.fill(str(value))
        field.press("Tab")

    def press(self, name: str) -> None:
        """A button, by its name."""
        button = self.control(name)
        expect(button).to_be_enabled(timeout=_SECONDS)
        button.click()


P = TypeVar("P", bound=ExplorerPage)


@contextmanager
def pages(make: Callable[..., P]) -> Iterator[Callable[..., P]]:
    """Opens pages; afterwards none of them may have complained or asked anybody else."""
    opened: list[P] = []

    def open_page(*where: object, **how: object) -> P:
        opened.append(make(*where, **how))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()
    for page in opened:
        page.must_be_clean()
