"""Pushes on the page of real peers, in a real browser."""

from pathlib import Path

import pytest

from tests.process.browsers import drop, drop_folder
from tests.process.page_case import PageCase, client, page_url


@pytest.mark.slow
class PagePushTests(PageCase):
    """What is pushed there, and answered."""

    def _written(self, name: str) -> Path:
        file = self.network.directory / name
        file.write_text("a text")
        return file

    def test_pushes(self) -> None:
        """What is dropped on a peer is pushed to it, asked about on its page, and accepted."""
        other = self.browser.open(page_url("--peer", "s2"))
        other.wait_for_selector("#peer-rows tr:nth-child(4)")
        drop(self.page, self._written("lesson.txt"), "#peer-rows tr[data-peer=s2]")
        other.get_by_role("button", name="Accept lesson.txt").click()
        other.locator("#push-list .saved").wait_for()
        there = self.network.directory / "s2" / "Downloads" / "lesson.txt"
        self.assertEqual(there.read_text(), "a text")
        self.page.get_by_text("1 of 1 have it").wait_for()
        self.assertEqual(self.browser.faults, [])

    def test_folder(self) -> None:
        """A folder is pushed with what was dropped, and not with what is shared under its name."""
        for name in ("week 1/a.txt", "week 1/sub/b.txt", "week 2/c.txt"):
            self.network.write(f"elsewhere/{name}", b"a text")
        self.network.write("s1/week 2/old.txt", b"for nobody")
        self.page.locator("#own-rows").get_by_text("week 2/old.txt").wait_for()
        onto, elsewhere = "#peer-rows tr[data-peer=s2]", self.network.directory / "elsewhere"
        drop_folder(self.page, elsewhere / "week 2", onto)
        self.page.get_by_text(
            "week 2 is not pushed: week 2/old.txt is shared already"
        ).first.wait_for()
        drop_folder(self.page, elsewhere / "week 1", onto)
        self.page.get_by_text("week 1 is pushed to s2").wait_for()
        pushed = [each["name"] for each in client("s1").get("/v1/offers")["offers"]]
        self.assertEqual(pushed, ["week 1"])
        self.assertFalse((self.network.directory / "s1" / "week 2" / "c.txt").exists())
        self.assertEqual(self.browser.faults, [])

    def test_nothing(self) -> None:
        """That a name is looked for is told, and then that nothing is called so."""
        self.page.fill("#push-name", "nothing")
        self.page.get_by_role("button", name="Push", exact=True).click()
        self.page.get_by_text("looking for nothing in what this peer shares").wait_for()
        self.page.get_by_text("nothing is not pushed: this peer shares no nothing").first.wait_for()

    def test_form(self) -> None:
        """What is shared can be pushed to several; who refuses it is shown, and it can be ended."""
        self.page.fill("#push-to", "s3, S2")
        drop(self.page, self._written("plan.txt"), "#pushes")
        item = self.page.locator("#push-list li.own")
        item.wait_for()
        self.assertIn("p2p push", self.page.inner_text("#pushes .command"))
        other = self.browser.open(page_url("--peer", "s3"))
        other.get_by_role("button", name="Refuse plan.txt").click()
        # Nobody is there to be asked at s2.
        item.get_by_text("0 of 2 have it · 2 refused").wait_for()
        item.get_by_role("button", name="End plan.txt").click()
        item.wait_for(state="detached")
        other.locator("#push-list li").wait_for(state="detached")
        self.assertEqual(client("s1").get("/v1/offers"), {"offers": []})
        self.assertEqual(self.browser.faults, [])
