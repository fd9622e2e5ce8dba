"""The page of real peers, in a real browser."""

import os
from urllib.parse import urlsplit

import pytest

from tests.process.browsers import drop
from tests.process.daemons import free_ports, wait_until
from tests.process.page_case import PageCase, client, origin, page_url

MIB = 1_048_576
SOON_MS = 8_000
"""For what takes 2 s where nothing else runs."""


@pytest.mark.slow
class PageTests(PageCase):
    """What is seen on it, and done there."""

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
        self.peers[1].wait_until_shared(5)
        self.page.fill("#limit-down", "30M")
        self.page.keyboard.press("Enter")
        self.page.get_by_text("the limit down is 30M").wait_for()
        self.find("big.bin", 1)
        self.page.get_by_role("button", name="Get big.bin").click()
        bar = self.page.locator("#downloads progress")
        bar.wait_for()
        wait_until(lambda: bar.evaluate("bar => bar.value") > 0.05, "that it moves")
        self.page.locator(".holders", has_text="s2").wait_for()
        why = self.page.get_by_role("button", name="Why big.bin goes as it does")
        why.click()
        self.page.locator(".why", has_text="asked s2").wait_for()
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
        # It tells of the new state by itself, until it is hidden again.
        self.page.locator(".why", has_text="s2: complete").wait_for()
        why.click()
        self.page.locator(".why").wait_for(state="hidden")

    def test_cancel(self) -> None:
        """One that is canceled leaves nothing, and can be got once more."""
        self.network.write("s2/big.bin", os.urandom(MIB) * 128)
        self.peers[1].wait_until_shared(5)
        client("s1").ask("PATCH", "/v1/limits", {"down": MIB})
        self.find("big.bin", 1)
        self.page.get_by_role("button", name="Get big.bin").click()
        self.page.locator(".holders", has_text="s2").wait_for()
        self.page.get_by_role("button", name="Cancel big.bin").click()
        self.page.locator("#downloads .canceled").wait_for()
        self.page.get_by_role("button", name="Cancel big.bin").wait_for(state="hidden")
        downloads = self.network.directory / "s1" / "Downloads"
        wait_until(lambda: not [*downloads.rglob("*")], "that nothing is left")
        client("s1").ask("PATCH", "/v1/limits", {"down": 0})
        self.page.get_by_role("button", name="Get big.bin").click()
        self.page.locator("#downloads .saved").wait_for()

    def test_ends(self) -> None:
        """What is not shared stays in view beside what is; so does that the peer has left."""
        self.page.evaluate(
            """() => {
                window.told = [];
                const said = document.getElementById("said");
                const look = () => said.textContent && told.push(said.textContent);
                new MutationObserver(look).observe(said, { childList: true });
            }"""
        )
        files = [
            {"name": name, "mimeType": "text/plain", "buffer": b"some text"}
            for name in ("a:b.txt", "web2.py")
        ]
        self.page.set_input_files("#share-files", files)
        self.page.get_by_role("button", name="Stop sharing web2.py").wait_for()
        self.page.locator("#activity .bad", has_text="not shared: a:b.txt: ").wait_for()
        self.page.wait_for_function("!document.querySelector('#sharing-now li')")
        self.assertIn("1 of 2 not shared: a:b.txt: ", self.page.evaluate("told.at(-1)"))
        self.page.get_by_role("button", name="Leave", exact=True).click()
        self.page.click("#confirm-yes")
        notice = self.page.get_by_text("s1 has left. Start it again as before, such as with p2p")
        notice.wait_for()
        self.assertEqual(self.peers[0].wait(), 0)
        # For longer than between two looks at the status.
        self.page.wait_for_timeout(4_000)
        self.assertTrue(notice.is_visible())
        self.assertEqual(self.page.locator("main :is(button, input):enabled").count(), 0)
        self.assertEqual(self.browser.faults, [])

    def test_restarted(self) -> None:
        """A page whose peer was ended and started again says what to do, and is usable then."""
        [port] = free_ports(1)
        first = self.network.start_peer("s5", f"--web={port}").wait_ready()
        page = self.browser.open(page_url("--peer", "s5"))
        page.get_by_role("button", name="Leave", exact=True).click()
        page.click("#confirm-yes")
        page.get_by_text("s5 has left. Start it again").wait_for()
        self.assertEqual(first.wait(), 0)
        self.network.start_peer("s5", f"--web={port}").wait_ready()
        page.get_by_text("This browser is not signed in. Run p2p web").wait_for()
        self.assertEqual(page.locator("main :is(button, input):enabled").count(), 0)
        page.context.new_page().goto(page_url("--peer", "s5"))
        page.wait_for_selector("#notice", state="hidden")
        page.wait_for_selector("body:not(.old):not(.ended)")
        page.fill("#search-text", "notes")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Get ").click()
        page.locator("#downloads .saved").wait_for()
        self.assertEqual(self.browser.faults, [])

    def test_registry(self) -> None:
        """The page of the registry shows who is in, who comes and goes and why, and its log."""
        url = page_url("--of-registry")
        page = self.browser.open(url)
        page.wait_for_selector("#peer-rows tr:nth-child(4)")
        self.assertIn(f"127.0.0.1:{self.network.ports[0]}", page.inner_text("#peer-rows"))
        client("s4").ask("POST", "/v1/leave", {})
        page.get_by_text("s4 is gone: it left").wait_for()
        self.network.start_peer("s5").wait_ready()
        page.get_by_text("s5 joined").wait_for()
        rows = page.locator("#peer-rows th").all_inner_texts()
        self.assertEqual(rows, ["s1", "s2", "s3", "s5"])
        read = [each for each in self.browser.asked if each.startswith(f"{origin(url)}/v1/members")]
        self.assertEqual(len(read), 1)
        self.assertIn("p2p events --of-registry default", page.inner_text("#peers"))
        page.get_by_text("Show the log").click()
        page.get_by_text("programs talk to this daemon").wait_for()
        self.assertFalse(page.locator("#search").is_visible())
        self.assertNotEqual(urlsplit(url).port, urlsplit(self.url).port)
        self.assertEqual(self.browser.faults, [])
