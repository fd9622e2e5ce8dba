"""The page in a real browser that stays open, while things change that nobody tells it of."""

from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.browsers import Browser
from tests.process.page_answers import download, explained, found, hit
from tests.process.page_pushes_stub import links
from tests.process.page_stub import StubServer


@pytest.mark.slow
class PageStaysTests(SynchronousTestCase):
    """What it shows is what there is now."""

    def setUp(self) -> None:
        self.browser = Browser(self.addCleanup)
        self.stub = StubServer(3)
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)

    def opened(self) -> Any:
        """Open the page."""
        page = self.browser.open(self.stub.url)
        page.wait_for_selector("body.peer")
        return page

    def test_renamed(self) -> None:
        """A shared file is listed by its new name, though there are as many and as large ones."""
        page = self.opened()
        page.locator("#own-rows", has_text="notes/plan.md").wait_for()
        self.stub.answers["/v1/files"] = found(hit("notes/new.md", 8_123))
        page.locator("#own-rows", has_text="notes/new.md").wait_for()
        self.assertNotIn("plan.md", page.inner_text("#own-rows"))
        self.browser.check(self, self.stub.url)

    def test_over(self) -> None:
        """What does not hold any more is not among the facts."""
        before = self.stub.answers["/v1/status"]
        self.stub.answers["/v1/status"] = {**before, "excluded": 7}
        page = self.opened()
        page.locator("#facts div", has_text="Left out").wait_for()
        self.stub.answers["/v1/status"] = before
        page.locator("#facts div", has_text="Left out").wait_for(state="hidden")
        self.assertIn("Directory", page.inner_text("#facts"))
        self.browser.check(self, self.stub.url)

    def test_many_ended(self) -> None:
        """Of downloads that have ended the last are listed, and all that have not."""
        paused = download(1, "huge.bin", "paused")
        self.stub.answers["/v1/transfers"] = {"downloads": [paused], "uploads": []}
        page = self.opened()
        page.locator("#downloads", has_text="huge.bin").wait_for()
        for number in range(2, 104):
            self.stub.tell("download", download=download(number, f"f{number}.txt", "saved"))
        page.locator("#downloads", has_text="f103.txt").wait_for()
        self.assertEqual(page.locator("#downloads > li").count(), 101)
        self.assertIn("huge.bin", page.inner_text("#downloads"))
        self.browser.check(self, self.stub.url)

    def test_what_can_be_done(self) -> None:
        """There are the buttons, and no others, for what the commands can do with a download."""
        can = {
            "receiving": ["Pause", "Cancel"],
            "copying": ["Pause", "Cancel"],
            "waiting": ["Pause", "Cancel"],
            "hashing": ["Cancel"],
            "blocked": ["Pause", "Resume", "Cancel"],
            "paused": ["Resume", "Cancel"],
            "saved": [],
            "incomplete": ["Cancel"],
            "failed": [],
        }
        listed = [
            download(number, state, state, is_kept=state == "incomplete")
            for number, state in enumerate(can, 1)
        ]
        self.stub.answers["/v1/transfers"] = {"downloads": listed, "uploads": []}
        page = self.opened()
        page.get_by_role("button", name="Cancel incomplete").wait_for()
        for state, words in can.items():
            item = page.locator("#downloads > li", has_text=state)
            shown = item.locator("button:visible").all_inner_texts()
            self.assertEqual([each for each in shown if each != "Why?"], words, state)
        self.stub.tell("download", download=download(9, "failed", "failed", is_kept=True))
        page.get_by_role("button", name="Cancel failed").wait_for()
        self.stub.tell("download", download=download(3, "waiting", "waiting", id=""))
        page.get_by_role("button", name="Pause waiting").wait_for(state="hidden")
        self.browser.check(self, self.stub.url)

    def test_why(self) -> None:
        """Why a download goes as it does is said anew while it is shown."""
        running = download(1, "huge.bin", "receiving")
        self.stub.answers["/v1/transfers"] = {"downloads": [running], "uploads": []}
        self.stub.answers["/v1/explain"] = explained("s2")
        page = self.opened()
        page.get_by_role("button", name="Why ").click()
        page.locator(".why", has_text="the --max-up of s2").wait_for()
        self.stub.answers["/v1/explain"] = explained("s3")
        page.locator(".why", has_text="the --max-up of s3").wait_for()
        self.browser.check(self, self.stub.url)

    def test_links(self) -> None:
        """A link that was made elsewhere is listed, and one that was ended there is not."""
        page = self.opened()
        self.stub.answers |= links("week-1.pdf")
        page.locator("#link-list", has_text="week-1.pdf").wait_for()
        self.stub.answers["/v1/links"] = {"links": []}
        page.locator("#link-list li").wait_for(state="detached")
        self.browser.check(self, self.stub.url)
