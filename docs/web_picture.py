"""
Take the picture of the page: ``python -m docs.web_picture`` writes docs/web.png.

It needs the extra ``browser``, and Chromium. The network in it is only told to the page.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.process.browsers import Browser
from tests.process.page_stub import DOWNLOADS, UPLOADS, StubServer

_PICTURE: Final = Path(__file__).parent / "web.png"
_PEERS: Final = 24


def take() -> None:
    """Take it, while one peer dies, another joins, and a search runs through the network."""
    with ExitStack() as stack, StubServer(_PEERS) as stub:
        stub.answers["/v1/transfers"] = {"downloads": DOWNLOADS, "uploads": UPLOADS}
        browser = Browser(stack.callback)
        page = browser.open(stub.url, color_scheme="light")
        page.fill("#search-text", "lecture")
        page.keyboard.press("Enter")
        page.wait_for_selector("#map[data-state=settled]")
        page.set_viewport_size({"width": 1_280, "height": 1_128})
        page.wait_for_timeout(500)
        stub.kill("s20")
        stub.join("s25")
        stub.tell("question", id="x", what="text", text="lecture", peer=None, is_own=True)
        stub.tell("linked", neighbor={"name": "s2", "host": "", "port": 1})
        page.wait_for_timeout(650)
        page.screenshot(path=_PICTURE)


if __name__ == "__main__":
    take()
