"""The page in a real browser, with a network of any size that is only told to it."""

from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.browsers import Browser, optional
from tests.process.page_answers import (
    DOWNLOADS,
    UPLOADS,
    download,
    explained,
    found,
    hit,
)
from tests.process.page_pushes_stub import links, pushes
from tests.process.page_stub import StubServer

FRAME_MS = 16
EVIL = "<img src=x onerror=\"document.title='ran'\">"
TURNED = "report\u202efdp.exe"
# In one step with the search for it: the page may draw it anew meanwhile.
LINES = """(place) => {
  const range = new Range();
  range.selectNodeContents(document.querySelector(place));
  return range.getClientRects().length;
}"""
WAYS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "width": 390},
}


@pytest.mark.slow
class PageLooksTests(SynchronousTestCase):
    """One browser for each test; the page talks to a stub."""

    def setUp(self) -> None:
        self.browser = Browser(self.addCleanup)

    def stub(self, peers: int) -> StubServer:
        """Serve a network."""
        stub = StubServer(peers)
        stub.answers["/v1/transfers"] = {"downloads": DOWNLOADS, "uploads": UPLOADS}
        stub.answers["/v1/explain"] = explained("s2")
        stub.answers |= pushes("s2", "lecture/slides.tar", "it takes nothing from s1")
        stub.answers |= links("lecture/week-1.pdf")
        stub.__enter__()
        self.addCleanup(stub.__exit__)
        return stub

    def settled(self, stub: StubServer, **how: Any) -> Any:
        """Open the page, and wait until the map stands still."""
        page = self.browser.open(stub.url, **how)
        page.wait_for_selector("#map[data-state=settled]")
        return page

    def test_fits(self) -> None:
        """With 5, 50 and 300 peers, nothing is wider than the window, of a phone or not."""
        for peers in (5, 50, 300):
            stub = self.stub(peers)
            for way in WAYS.values():
                page = self.settled(stub, **way)
                self.assertIn(f"{peers} peers", page.inner_text("#summary"))
                width = page.evaluate("document.documentElement.scrollWidth")
                self.assertEqual(width, way.get("width", 1_280))
                self.assertEqual(page.locator("#peer-rows tr").count(), peers)
                page.context.close()
            self.browser.check(self, stub.url)
            self.browser.asked.clear()

    def test_long_name(self) -> None:
        """Beside a name that fills the table, it is still told in one line who has it, and when."""
        stub, name = self.stub(5), "so long a name " * 12
        stub.hits = (hit(name, 2_048, peer="annas-pc"),)
        for way in WAYS.values():
            page = self.settled(stub, **way)
            page.fill("#search-text", "long")
            page.keyboard.press("Enter")
            stub.tell("question", id="x", what="text", text=name, peer=None, is_own=True)
            for place in ("#hit-rows td:nth-child(3)", "#activity time"):
                page.locator(place).first.wait_for()
                self.assertEqual(page.evaluate(LINES, place), 1, place)
            page.context.close()

    def test_fast(self) -> None:
        """With 300 peers, of which some come and go while searches run, a frame is short."""
        stub = self.stub(300)
        page = self.settled(stub)
        counting = page.context.new_cdp_session(page)
        # The time of the processor, which others on this machine do not lengthen.
        counting.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = self.scripting(page, counting)
        for number in range(4):
            stub.kill(stub.names[-3])
            stub.join(f"t{number}")
            stub.tell("question", id="x", what="text", text="a", peer=None, is_own=True)
            stub.tell("linked", neighbor={"name": "s2", "host": "", "port": 1})
            page.wait_for_timeout(1_200)
        after = self.scripting(page, counting)
        frames = after[1] - before[1]
        self.assertGreater(frames, 10)
        self.assertLess((after[0] - before[0]) / frames, FRAME_MS)

    def scripting(self, page: Any, counting: Any) -> tuple[float, int]:
        """Tell for how many milliseconds scripts ran, and how many frames the map has drawn."""
        metrics = counting.send("Performance.getMetrics")["metrics"]
        [seconds] = [each["value"] for each in metrics if each["name"] == "ScriptDuration"]
        frames = page.evaluate("performance.getEntriesByName('map frame').length")
        return float(seconds) * 1_000, int(frames)

    def test_still(self) -> None:
        """Once it has settled, and nothing happens, nothing is drawn."""
        stub = self.stub(50)
        stub.answers["/v1/transfers"] = {"downloads": [], "uploads": []}
        page = self.settled(stub)
        page.wait_for_timeout(2_500)
        count = "performance.getEntriesByName('map frame').length"
        frames = page.evaluate(count)
        page.wait_for_timeout(1_500)
        self.assertEqual(page.evaluate(count), frames)

    def test_empty(self) -> None:
        """Where there is nothing, it says what to do; what is old is pale."""
        stub = self.stub(1)
        stub.answers["/v1/transfers"] = {"downloads": [], "uploads": []}
        page = self.settled(stub)
        page.get_by_text("Start another peer: p2p peer --name NAME").wait_for()
        page.get_by_text("Search for something, and get it").wait_for()
        self.assertNotIn("old", page.get_attribute("body", "class"))
        stub.hits = ()
        page.fill("#search-text", "nothing")
        page.keyboard.press("Enter")
        page.get_by_text("0 results for “nothing”").wait_for()
        self.assertIn("try less of the name", page.inner_text("#search-outcome"))
        del stub.answers["/v1/status"]
        page.wait_for_selector("body.old #map")

    def test_slow_peers(self) -> None:
        """Those behind peers that do not answer in time stay; who is gone among them goes."""
        stub = self.stub(12)
        page = self.settled(stub)
        links = len(stub.links)
        near = {one for link in stub.links if "s1" in link for one in link} - {"s1"}
        stub.silent, stub.unheard = near, {*stub.names} - near - {"s1"}
        page.get_by_text(f"12 peers · {links} links · 11 silent").wait_for()
        self.assertEqual(page.locator("#peer-rows tr").count(), 12)
        stub.silent, stub.unheard = {"s2"}, set()
        page.get_by_text(f"12 peers · {links} links · 1 silent").wait_for()
        stub.kill("s9")
        page.get_by_text("s9 is gone").wait_for()
        stub.silent = set()
        page.get_by_text(f"11 peers · {len(stub.links)} links", exact=True).wait_for()
        told = page.inner_text("#activity")
        self.assertEqual([line for line in told.splitlines() if "gone" in line], ["s9 is gone"])
        self.browser.check(self, stub.url)

    def test_canvas(self) -> None:
        """More than 500 peers are drawn on a canvas, in the colors of the style sheet."""
        page = self.settled(self.stub(520))
        self.assertEqual(page.locator("canvas.map").count(), 1)
        colors = page.evaluate(
            """() => {
                const canvas = document.querySelector("canvas.map");
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                const seen = new Set();
                for (let i = 0; i < data.length; i += 4) {
                    if (data[i + 3] === 255) seen.add([data[i], data[i + 1], data[i + 2]].join());
                }
                return [...seen];
            }"""
        )
        self.assertIn("217,102,26", colors)
        self.assertIn("125,136,150", colors)

    def test_very_many(self) -> None:
        """Of more than 2,000, for which forces take too long, all are drawn, and some listed."""
        stub = self.stub(2_400)
        page = self.settled(stub)
        self.assertIn("2,400 peers", page.inner_text("#summary"))
        self.assertEqual(page.locator("#peer-rows tr").count(), 1_000)
        self.assertIn("first 1,000 of 2,400 peers", page.inner_text("#more-peers"))
        self.browser.check(self, stub.url)

    def test_names_are_text(self) -> None:
        """Names that others have chosen do nothing, wherever they are, and hide nothing."""
        stub = self.stub(3)
        stub.join(EVIL)
        stub.links.add(("s1", EVIL))
        hits = (hit(EVIL, 1), hit(TURNED, 2, peer=EVIL))
        stub.answers["/v1/files"] = found(*hits)
        stub.hits = hits
        holders = [{"peer": EVIL, "received": 1, "rate": 1.0, "how": EVIL}]
        stub.answers["/v1/transfers"] = {
            "downloads": [
                download(1, EVIL, "receiving", rate=1.0, holders=holders),
                download(2, TURNED, "failed", reason=EVIL),
                download(3, EVIL, "saved", path=f"/tmp/{EVIL}", seconds=1.0),
            ],
            "uploads": [
                {"name": EVIL, "peer": EVIL, "id": "a", "sent": 1, "rate": 1.0, "how": EVIL}
            ],
        }
        stub.answers["/v1/status"] = {
            **stub.answers["/v1/status"],
            "network": EVIL,
            "directory": EVIL,
            "registry_fault": EVIL,
        }
        stub.answers["/v1/explain"] = explained(EVIL)
        stub.answers |= pushes(EVIL, TURNED, EVIL)
        stub.answers |= links(f"{EVIL}{TURNED}")
        page = self.settled(stub)
        page.locator("#push-list .holders li", has_text=f"no space: {EVIL}").wait_for()
        page.get_by_role("button", name=f"Why {EVIL} goes as it does").first.click()
        page.locator(".why", has_text="limits it").wait_for()
        page.get_by_role("button", name=f"Files of {EVIL}").click()
        page.fill("#search-text", EVIL)
        page.keyboard.press("Enter")
        page.locator("#hit-rows tr").nth(1).wait_for()
        stub.tell("warning", text=EVIL)
        stub.tell("question", id="x", what="text", text=EVIL, peer=None, is_own=False)
        page.locator("#activity li").nth(1).wait_for()
        page.get_by_text("Show the log").click()
        page.locator("#log-text", has_text="onerror").wait_for()
        stub.kill(EVIL)
        page.get_by_text("is gone").wait_for()
        self.assertEqual(page.title(), "s1 · p2p")
        self.assertEqual(page.locator("img").count(), 1)
        for place in ("#hit-rows", "#push-list", "#link-list"):
            self.assertIn("report\\u{202e}fdp.exe", page.inner_text(place))
        self.browser.check(self, stub.url)

    def test_accessible(self) -> None:
        """No fault is found that keeps anybody out: light, dark, and on a phone."""
        axe = optional("axe_playwright_python.sync_playwright").Axe()
        stub = self.stub(12)
        for way in WAYS.values():
            page = self.settled(stub, **way)
            page.fill("#search-text", "lecture")
            page.keyboard.press("Enter")
            page.locator("#hit-rows tr").first.wait_for()
            page.get_by_text("Show the log").click()
            page.get_by_role("button", name="Why ").first.click()
            page.locator(".why", has_text="limits it").wait_for()
            page.get_by_text("9 of 12 have it").wait_for()
            page.get_by_role("button", name="QR code of the link").click()
            stub.tell("warning", text="something is odd")
            page.locator("#activity li").first.wait_for()
            results = axe.run(page)
            faults = [
                (each["impact"], each["id"], [node["html"] for node in each["nodes"]])
                for each in results.response["violations"]
            ]
            self.assertEqual(faults, [])
            page.context.close()
