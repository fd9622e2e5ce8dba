"""A real browser for tests of the page; they are left out where there is none."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import TestCase

from twisted.trial.unittest import SkipTest

_MISSING = "to test the page: pip install '.[browser]', and apt install chromium"
PATIENCE_MS = 20_000


def optional(module: str) -> Any:
    """Import what is only there with the extra ``browser``; leave the test out otherwise."""
    try:
        return import_module(module)
    except ImportError:
        raise SkipTest(_MISSING) from None


class Browser:
    """
    Chromium, until a test, or what it shares with others, is over.

    :ivar asked: the addresses of all that its pages have asked for.
    :ivar faults: what their scripts have failed with.
    """

    def __init__(self, add_cleanup: Callable[[Callable[[], object]], object]) -> None:
        path = shutil.which("chromium")
        if path is None:
            raise SkipTest(_MISSING)
        stack = ExitStack()
        add_cleanup(stack.close)
        playwright = stack.enter_context(optional("playwright.sync_api").sync_playwright())
        self._browser: Any = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        stack.callback(self._browser.close)
        self.asked: list[str] = []
        self.faults: list[str] = []

    def open(self, url: str, width: int = 1_280, **how: Any) -> Any:
        """Open an address in a window of its own, with cookies of its own."""
        context = self._browser.new_context(viewport={"width": width, "height": 860}, **how)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self.asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._heard(message.text))
        page.goto(url)
        return page

    def _heard(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.faults.append(text)

    def check(self, case: TestCase, url: str) -> None:
        """Assert that no script has failed, and nothing was asked of anybody but one origin."""
        case.assertEqual(self.faults, [])
        elsewhere = [each for each in self.asked if not each.startswith(f"{url}/")]
        case.assertEqual(elsewhere, [])


def drop(page: Any, path: Path, place: str = "body") -> None:
    """Drop a file on the page, or on an element of it, as from a folder."""
    page.evaluate(
        """([name, text, place]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], name));
            for (const kind of ["dragover", "drop"]) {
                const how = { dataTransfer: carried, bubbles: true, cancelable: true };
                document.querySelector(place).dispatchEvent(new DragEvent(kind, how));
            }
        }""",
        [path.name, path.read_text(), place],
    )


def drop_folder(page: Any, path: Path, place: str) -> None:
    """Drop a folder on an element of the page, as the system does, with all that is in it."""
    page.locator(place).scroll_into_view_if_needed()
    box = page.locator(place).bounding_box()
    carried = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": carried, **where})
