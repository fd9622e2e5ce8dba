"""Links on the page of a real peer, in a real browser."""

import urllib.error
import urllib.request

import pytest

from tests.process.page_case import PageCase, client


@pytest.mark.slow
class PageLinkTests(PageCase):
    """Somebody gives a file to a phone."""

    def test_links(self) -> None:
        """A link is made by the button at a file, drawn, opened without a peer, and ended."""
        self.network.write("s1/plan é.txt", b"a plan")
        self.page.get_by_role("button", name="Link to plan é.txt").click()
        self.page.fill("#link-time", "soon")
        self.page.keyboard.press("Enter")
        self.page.get_by_text("a link is open for a time such as 30m").wait_for()
        self.page.fill("#link-time", "10m")
        self.page.keyboard.press("Enter")
        self.page.get_by_role("img", name="The link to plan é.txt as a QR code").wait_for()
        self.assertIn("p2p link 'plan é.txt' --for 10m", self.page.inner_text("#links .command"))
        url = self.page.inner_text("#link-list code")
        with urllib.request.urlopen(url, timeout=20) as answer:
            self.assertEqual(answer.read(), b"a plan")
        self.page.get_by_role("button", name="QR code of the link to plan é.txt").click()
        self.page.locator("#link-list svg").wait_for(state="detached")
        self.page.get_by_role("button", name="End the link to plan é.txt").click()
        self.page.locator("#link-list li").wait_for(state="detached")
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(url, timeout=20)
        self.assertEqual(client("s1").get("/v1/links"), {"links": []})
        self.assertEqual(self.browser.faults, [])

    def test_of_others(self) -> None:
        """A file of another peer is linked to by its name; why something is not linked is told."""
        self.page.fill("#link-name", "no such file")
        self.page.keyboard.press("Enter")
        self.page.locator("#said.bad", has_text="no such file").wait_for()
        self.page.fill("#link-name", "notes.txt")
        self.page.keyboard.press("Enter")
        self.page.locator("#link-list svg").wait_for()
        with urllib.request.urlopen(self.page.inner_text("#link-list code"), timeout=20) as answer:
            self.assertEqual(answer.read(), b"some notes")
        self.assertEqual(self.browser.faults, [])
