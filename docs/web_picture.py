"""
Take the pictures of the page: ``python -m docs.web_picture`` writes docs/web*.png.

It needs the extra ``browser``, and Chromium. The networks in them are only told to the page.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.process.browsers import Browser
from tests.process.page_answers import DOWNLOADS, UPLOADS
from tests.process.page_pushes_stub import links, pushes
from tests.process.page_stub import StubServer

_FOLDER: Final = Path(__file__).parent
_MOVED_MS: Final = 650
"""When most of what has just happened is to be seen at once."""


def take() -> None:
    """Take all of them."""
    _picture("web", 24, _happens, {"width": 1_050, "height": 840}, color_scheme="light")
    _picture("web-many", 300, _searched, {"width": 1_050, "height": 630}, color_scheme="dark")
    _picture("web-pushed", 12, _pushed, {"width": 1_400, "height": 840}, color_scheme="light")
    _picture("web-links", 12, _linked, {"width": 700, "height": 840}, color_scheme="light")
    _picture("web-phone", 12, _happens, {"width": 390, "height": 840}, color_scheme="dark")


def _picture(
    name: str,
    peers: int,
    happens: Callable[[StubServer, Any], Any],
    size: Mapping[str, int],
    **how: Any,
) -> None:
    """Show a network on the page, have something happen, and take a picture of what it returns."""
    with ExitStack() as stack, StubServer(peers) as stub:
        stub.answers["/v1/transfers"] = {"downloads": DOWNLOADS, "uploads": UPLOADS}
        space = "734,003,200 bytes are needed, 81,538,443 are free"
        stub.answers |= pushes("s2", "lesson.tar", space)
        stub.answers |= links("lecture/week-1.pdf")
        browser = Browser(stack.callback)
        page = browser.open(stub.url, **how)
        page.set_viewport_size(size)
        page.wait_for_selector("#map[data-state=settled]")
        happens(stub, page).screenshot(path=_FOLDER / f"{name}.png")


def _pushed(_stub: StubServer, page: Any) -> Any:
    """Return what says how pushes go."""
    page.get_by_text("9 of 12 have it").wait_for()
    return page.locator("#pushes")


def _linked(_stub: StubServer, page: Any) -> Any:
    """Return the links to files, with the QR code of one."""
    page.get_by_role("button", name="QR code of the link").click()
    return page.locator("#links")


def _happens(stub: StubServer, page: Any) -> Any:
    """Let a peer die, and another join, while a search runs through the network."""
    page.fill("#search-text", "lecture")
    page.keyboard.press("Enter")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(500)
    stub.kill(stub.names[-2])
    stub.join(f"s{len(stub.names) + 2}")
    _searched(stub, page)
    return page


def _searched(stub: StubServer, page: Any) -> Any:
    """Let a search run through the network; return the map."""
    stub.tell("question", id="x", what="text", text="lecture", peer=None, is_own=True)
    stub.tell("linked", neighbor={"name": "s2", "host": "", "port": 1})
    page.wait_for_timeout(_MOVED_MS)
    return page.locator("#network")


if __name__ == "__main__":
    take()
