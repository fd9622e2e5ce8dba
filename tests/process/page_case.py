"""The page of a real peer, in a real browser, for tests."""

import subprocess
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.socket_index import running_peers
from p2p_twisted.cli.peer_client import PeerClient
from tests.process.browsers import Browser
from tests.process.daemons import PATIENCE, script
from tests.process.networks import Network

EVIL: Final = b"<script>fetch('/v1/leave', {method: 'POST'}); document.title = 'ran'</script>"
PAPER: Final = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>\n"
)
PICTURE: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = \'ran\'">%s</svg>' % EVIL
)


def page_url(*whose: str) -> str:
    """Ask ``p2p web`` for the address of a page."""
    ran = subprocess.run(
        [script("p2p"), "web", "--url", *whose],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return ran.stdout.strip()


def client(peer: str) -> PeerClient:
    """Find what talks to a peer."""
    [place] = [place for place in running_peers() if place.name == peer]
    return PeerClient(place)


def origin(url: str) -> str:
    """Return the origin of an address."""
    return url.partition("/#")[0]


class PageCase(SynchronousTestCase):
    """A network of four, and the page of ``s1``, which was started without ``--web``."""

    def setUp(self) -> None:
        self.browser = Browser(self.addCleanup)
        self.network = Network(self, ports=6)
        self.registry = self.network.start_registry()
        self.network.write("s2/notes.txt", b"some notes")
        self.network.write("s3/copy of notes.txt", b"some notes")
        self.network.write("s2/evil.html", EVIL)
        self.network.write("s2/evil.svg", PICTURE)
        self.network.write("s2/evil.pdf", PAPER)
        self.peers = self.network.start_peers("s1", "s2", "s3", "s4")
        self.url = page_url("--peer", "s1")
        self.page = self.browser.open(self.url)
        self.page.wait_for_selector("#peer-rows tr:nth-child(4)")

    def row(self, peer: str) -> Any:
        """Find a peer in the table."""
        return self.page.locator("#peer-rows tr", has=self.page.get_by_text(peer, exact=True))

    def find(self, text: str, results: int) -> None:
        """Search, and wait for results."""
        self.page.fill("#search-text", text)
        self.page.keyboard.press("Enter")
        self.page.get_by_text(f"{results} result").wait_for()
