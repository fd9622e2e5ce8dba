"""The page of real peers, in a real browser."""

import os
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.socket_index import running_peers
from p2p_twisted.cli.peer_client import PeerClient
from tests.process.browsers import Browser, drop
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network
from tests.process.page_stub import StubServer

MIB = 1_048_576
SOON_MS = 8_000
"""For what takes 2 s where nothing else runs."""
EVIL = b"<script>fetch('/v1/leave', {method: 'POST'}); document.title = 'ran'</script>"
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = \'ran\'">%s</svg>' % EVIL
)
TRY = """async ([url, method, mode]) => {
    try {
        const answer = await fetch(url, { method, mode, credentials: "include" });
        return (await answer.text()) || "nothing";
    } catch {
        return "nothing";
    }
}"""
FRAME = """url => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.onload = () => (frame.dataset.loaded = "yes");
    frame.src = url;
}"""
FORM = """url => {
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { action: url, method: "POST", enctype: "text/plain" });
    form.submit();
}"""
STATUS = "fetch('/v1/status').then(got => got.status)"


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


@pytest.mark.slow
class PageTests(SynchronousTestCase):
    """A network of four, and the page of ``s1``, which was started without ``--web``."""

    def setUp(self) -> None:
        self.browser = Browser(self.addCleanup)
        self.network = Network(self, ports=6)
        self.registry = self.network.start_registry()
        self.network.write("s2/notes.txt", b"some notes")
        self.network.write("s3/copy of notes.txt", b"some notes")
        self.network.write("s2/evil.html", EVIL)
        self.network.write("s2/evil.svg", PICTURE)
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

    def test_lives(self) -> None:
        """Who dies disappears from it, and who joins appears, soon; each is told in words, too."""
        self.assertIn("4 peers", self.page.inner_text("#summary"))
        self.peers[3].kill()
        self.row("s4").wait_for(state="detached", timeout=SOON_MS)
        self.page.get_by_text("s4 is gone").wait_for()
        fifth = self.network.start_peer("s5").wait_ready()
        self.row("s5").wait_for(timeout=SOON_MS)
        self.page.get_by_text("s5 joined").wait_for()
        self.assertTrue(fifth.is_running)
        self.browser.check(self, origin(self.url))

    def test_signs_in_once(self) -> None:
        """The address is not kept, and lets no second browser in; the session goes on."""
        self.assertEqual(self.page.url, f"{origin(self.url)}/")
        self.assertEqual(self.page.evaluate("document.cookie"), "")
        [cookie] = self.page.context.cookies()
        self.assertEqual((cookie["httpOnly"], cookie["sameSite"]), (True, "Strict"))
        self.page.reload()
        self.page.wait_for_selector("#peer-rows tr:nth-child(4)")
        other = self.browser.open(self.url)
        other.get_by_text("This browser is not signed in. Run p2p web").wait_for()
        self.assertEqual(other.locator("#peer-rows tr").count(), 0)

    def test_gets_and_shares(self) -> None:
        """What is found has a row for each content, and is got; what is dropped is found."""
        self.find("notes", 1)
        row = self.page.inner_text("#hit-rows tr")
        self.assertIn("s2, s3", " ".join(row.split("\t")).replace("s3, s2", "s2, s3"))
        self.assertIn("p2p find notes --peer s1", self.page.inner_text("#search .command"))
        self.page.get_by_role("button", name="Get ").click()
        self.page.locator("#downloads .saved").wait_for()
        self.assertIn("p2p get ", self.page.inner_text("#search .command"))
        got = [*(self.network.directory / "s1" / "Downloads").iterdir()]
        self.assertEqual([each.read_bytes() for each in got], [b"some notes"])
        dropped = self.network.directory / "dropped.txt"
        dropped.write_text("was dropped")
        drop(self.page, dropped)
        s2 = client("s2")
        wait_until(lambda: s2.get("/v1/find", text="dropped")["hits"], "what was dropped")
        self.page.get_by_role("button", name="Stop sharing dropped.txt").click()
        self.page.get_by_text("is not shared any more").wait_for()
        self.assertFalse((self.network.directory / "s1" / "dropped.txt").exists())
        self.browser.check(self, origin(self.url))

    def test_download(self) -> None:
        """One of 256 MiB moves, stands still while it is paused, and ends; the limit counts."""
        self.network.write("s2/big.bin", os.urandom(MIB) * 256)
        self.peers[1].wait_until_shared(4)
        self.page.fill("#limit-down", "30M")
        self.page.keyboard.press("Enter")
        self.page.get_by_text("the limit down is 30M").wait_for()
        self.find("big.bin", 1)
        self.page.get_by_role("button", name="Get big.bin").click()
        bar = self.page.locator("#downloads progress")
        bar.wait_for()
        wait_until(lambda: bar.evaluate("bar => bar.value") > 0.05, "that it moves")
        self.page.locator(".holders", has_text="s2").wait_for()
        self.page.get_by_role("button", name="Pause big.bin").click()
        self.page.locator("#downloads .paused").wait_for()
        stood = bar.evaluate("bar => bar.value")
        self.page.wait_for_timeout(1_500)
        self.assertEqual(bar.evaluate("bar => bar.value"), stood)
        self.assertLess(stood, 1)
        self.page.fill("#limit-down", "off")
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Resume big.bin").click()
        self.page.locator("#downloads .saved").wait_for()
        saved = self.network.directory / "s1" / "Downloads" / "big.bin"
        self.assertEqual(saved.stat().st_size, 256 * MIB)

    def test_shared_pages_do_not_run(self) -> None:
        """A page and a picture with a script, clicked wherever they are named, stay names."""
        self.find("evil", 2)
        for name in ("evil.html", "evil.svg"):
            self.page.get_by_role("button", name=f"Get {name}").click()
            self.page.locator("#downloads .saved", has_text=name).wait_for()
        self.page.get_by_role("button", name="Files of s2").click()
        self.page.get_by_text("of s2,").or_(self.page.get_by_text("of s2 (")).first.wait_for()
        dropped = self.network.directory / "evil.html"
        dropped.write_bytes(EVIL)
        drop(self.page, dropped)
        self.page.locator("#own-rows", has_text="evil.html").wait_for()
        named = self.page.get_by_text("evil.", exact=False)
        for i in range(named.count()):
            if named.nth(i).is_visible():
                named.nth(i).click()
        self.assertEqual(
            self.page.locator("a[href], iframe, embed, object, img:not(header img)").count(), 0
        )
        self.assertEqual(len(self.page.context.pages), 1)
        for path in (
            "evil.html",
            "evil.svg",
            "v1/shares/evil.html",
            "v1/files/evil.html",
            "Downloads/evil.html",
            "s1/evil.html",
            "%2e%2e/evil.html",
        ):
            status = self.page.evaluate("path => fetch(path).then(got => got.status)", f"/{path}")
            self.assertIn(status, (403, 404, 405), path)
        self.assertEqual(self.page.title(), "s1 · p2p")
        self.assertTrue(self.peers[0].is_running)
        self.browser.check(self, origin(self.url))

    def test_other_pages(self) -> None:
        """A page of another port, which browsers send the cookie from, does and reads nothing."""
        with StubServer(3) as other:
            page = self.page.context.new_page()
            page.goto(other.url)
            for path in ("/v1/status", "/v1/leave", "/v1/shares/x.txt", "/v1/limits", "/sign-in"):
                for method in ("GET", "POST", "PUT", "PATCH"):
                    for mode in ("cors", "no-cors"):
                        told = page.evaluate(TRY, [f"{origin(self.url)}{path}", method, mode])
                        self.assertEqual(told, "nothing", (path, method, mode))
            page.evaluate(FRAME, self.url)
            page.wait_for_function("document.querySelector('iframe').dataset.loaded")
            self.assertNotIn(origin(self.url), [frame.url for frame in page.frames])
            page.evaluate(FORM, f"{origin(self.url)}/v1/leave")
            page.get_by_text("pages of other sites are not answered").wait_for()
        self.assertTrue(self.peers[0].is_running)
        self.assertEqual(self.page.evaluate(STATUS), 200)

    def test_keyboard(self) -> None:
        """All that can be done is reached by Tab and done by Enter; a question can be refused."""
        self.find("notes", 1)
        reached = set()
        for _ in range(60):
            self.page.keyboard.press("Tab")
            reached.add(
                self.page.evaluate(
                    "document.activeElement.ariaLabel ?? "
                    "document.activeElement.id + document.activeElement.textContent"
                )
            )
        for one in ("Files of s2", "Leave", "Stop all", "share-files", "limit-up", "Pause all"):
            self.assertIn(one, reached)
        self.assertTrue(any(each.startswith("Get ") for each in reached))
        self.page.get_by_role("button", name="Stop all").focus()
        self.page.keyboard.press("Enter")
        self.page.get_by_role("dialog").wait_for()
        self.page.keyboard.press("Escape")
        self.assertTrue(all(peer.is_running for peer in self.peers))
        self.page.get_by_role("button", name="Leave").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
        self.assertEqual(self.peers[0].wait(), 0)
        self.page.get_by_text("There is no answer").wait_for()

    def test_registry(self) -> None:
        """The page of the registry shows who is in, and its log."""
        url = page_url("--of-registry")
        page = self.browser.open(url)
        page.wait_for_selector("#peer-rows tr:nth-child(4)")
        self.assertIn(f"127.0.0.1:{self.network.ports[0]}", page.inner_text("#peer-rows"))
        page.get_by_text("Show the log").click()
        page.get_by_text("programs talk to this daemon").wait_for()
        self.assertFalse(page.locator("#search").is_visible())
        self.assertNotEqual(urlsplit(url).port, urlsplit(self.url).port)
        self.assertEqual(self.browser.faults, [])
