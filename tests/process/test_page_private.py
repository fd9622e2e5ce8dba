"""The page of an admin of a private network, in a real browser."""

import re

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.qr_code import qr_rows
from tests.process.browsers import Browser
from tests.process.networks import Network, use_own_runtime_folder
from tests.process.page_case import origin, page_url
from tests.process.test_private import invite_of


@pytest.mark.slow
class PrivatePageTests(SynchronousTestCase):
    """Anna is an admin, ben is none."""

    def test_invites(self) -> None:
        """Her page makes an invite, to be typed or scanned, that lets somebody in; his does not."""
        use_own_runtime_folder(self)
        network, browser = Network(self), Browser(self.addCleanup)
        registry = network.start_registry("--private")
        network.start_peer("anna", "--join", invite_of(registry, "yourself")).wait_ready()
        network.start_peer("ben", "--join", invite_of(registry, "others")).wait_ready()
        url = page_url("--peer", "anna")
        page = browser.open(url)
        page.get_by_text("admin, until ").wait_for()
        page.fill("#invite-time", "2 hours")
        page.get_by_role("button", name="Make an invite").click()
        page.get_by_text("an invite is for a time such as").wait_for()
        page.fill("#invite-time", "2h")
        page.fill("#invite-uses", "3")
        self.assertIn(
            "p2p invite --uses 3 --for 2h --qr --peer anna", page.inner_text("#invite .command")
        )
        page.get_by_role("button", name="Make an invite").click()
        page.locator("#invite-qr svg").wait_for()
        code = page.inner_text("#invite-code")
        rows = qr_rows(code)
        drawn = page.locator("#invite-qr path").get_attribute("d")
        dark = {(int(x) - 4, int(y) - 4) for x, y in re.findall(r"M(\d+) (\d+)h", str(drawn))}
        expected = {
            (x, y) for y, row in enumerate(rows) for x, each in enumerate(row) if each == "1"
        }
        self.assertEqual(dark, expected)
        network.start_peer("carl", "--join", code).wait_ready()
        page.get_by_role("button", name="Hide it").click()
        self.assertNotIn("p2p1-", page.content())
        browser.check(self, origin(url))
        other = browser.open(page_url("--peer", "ben"))
        other.get_by_text("member, until ").wait_for()
        self.assertFalse(other.locator("#invite").is_visible())
