"""What was recorded of real peers, played in a real browser."""

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.event_views import DownloadEventView, QuestionView, WarningView
from p2p_twisted.recording.recorded_run import read_run
from tests.process.browsers import Browser, optional
from tests.process.daemons import PATIENCE, scratch_folder, script, wait_until
from tests.process.networks import Network, use_own_runtime_folder
from tests.process.page_case import client, origin, page_url
from tests.recording.builders import events, peers, recorded

MIB: Final = 1_048_576
EVIL: Final = "<img/src=x/onerror=\"document.title='ran'\">\u202e"
PICTURE: Final = """() => {
    const all = (path) => [...document.querySelectorAll(path)];
    const drawn = (kind) => document.querySelector(`#map .${kind}`)?.getAttribute("d") ?? "";
    const strokes = (kind) => drawn(kind).split("M").length - 1;
    const name = (item) => item.querySelector("strong").textContent;
    return {
        summary: document.querySelector("#summary").textContent,
        rows: all("#peer-rows tr").map((row) => [...row.cells].map((cell) => cell.textContent)),
        names: all("#map .labels text").map((each) => each.textContent).sort(),
        links: strokes("links") + strokes("near-links"),
        downloads: all("#downloads > li").map((each) => [each.className, name(each)]),
    };
}"""
SEEK: Final = """async (at) => {
    const slider = document.getElementById("position");
    const { begins } = await (await fetch("/v1/status")).json();
    slider.value = at - begins;
    slider.dispatchEvent(new Event("input"));
}"""
SAME_MS: Final = 6_000
# Links are exchanged for a while once somebody has come: several looks of that length.
_STILL_SECONDS: Final = 90.0
LOOKED_MS: Final = 5_000
"""By when whoever records, which looks every 2 s, has seen what the page saw in between."""
_PEERS: Final = 12
_LATER: Final = f"s{_PEERS + 1}"


class Replay:
    """``p2p replay``, until the test is over."""

    def __init__(self, case: SynchronousTestCase, path: Path, browser: Browser) -> None:
        command = [script("p2p"), "replay", str(path), "--url"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.terminate)
        assert self.process.stdout is not None
        case.addCleanup(self.process.stdout.close)
        self.url = self.process.stdout.readline().strip()
        self.page = browser.open(self.url)
        self.wait()

    def wait(self) -> None:
        """Wait until what is seen is that of the time that was set."""
        self.page.wait_for_selector("#player[data-state=still]")

    def seek(self, at: float) -> Any:
        """Go to a time; return what is seen, once the map stands still."""
        self.page.evaluate(SEEK, at)
        self.wait()
        self.page.wait_for_selector("#map[data-state=settled]")
        return self.page.evaluate(PICTURE)


def still_picture(page: Any, summary: str) -> tuple[float, Any]:
    """Wait until nothing changes for a while; return a time meanwhile, and what is seen."""
    seen: list[tuple[float, Any]] = []

    def is_still() -> bool:
        page.wait_for_selector("#map[data-state=settled]")
        before, at = page.evaluate(PICTURE), page.evaluate("Date.now()")
        page.wait_for_timeout(SAME_MS)
        seen.append(((at + LOOKED_MS) / 1_000, before))
        return bool(before["summary"].startswith(summary)) and page.evaluate(PICTURE) == before

    try:
        wait_until(is_still, f"{summary}, and no change", _STILL_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}; at last: {seen[-2:]}") from None
    return seen[-1]


def names(seen: Any) -> list[str]:
    """Read who is in the table."""
    return [row[0] for row in seen["rows"]]


@pytest.mark.slow
class ReplayTests(SynchronousTestCase):
    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.browser = Browser(self.addCleanup)

    def test_as_it_was(self) -> None:
        """The picture at three times is the one that the live page showed; so it is at the end."""
        network = Network(self, ports=_PEERS + 3)
        of_registry = network.directory / "in the registry"
        network.start_registry(f"--events={of_registry}")
        path = network.directory / "what happened"
        network.write("s2/big.bin", os.urandom(8 * MIB))
        s1 = network.start_peer("s1", f"--events={path}", "--accept=anyone")
        others = [network.start_peer(f"s{i}", "--accept=anyone") for i in range(2, _PEERS + 1)]
        for peer in (s1, *others):
            peer.wait_ready()
        others[0].wait_until_shared(1)
        saved = network.directory / "saved"
        saving = self.save(saved)
        live = self.browser.open(page_url("--peer", "s1"))
        moments = [still_picture(live, f"{_PEERS} peers")]
        self.push("big.bin", by="s2")
        others[-1].kill()
        wait_until(lambda: b'"forgotten"' in of_registry.read_bytes(), "that it is forgotten")
        moments.append(still_picture(live, f"{_PEERS - 1} peers"))
        network.start_peer(_LATER).wait_ready()
        moments.append(still_picture(live, f"{_PEERS} peers"))
        live.context.close()
        client("s1").ask("POST", "/v1/leave", {})
        self.assertEqual((s1.wait(), saving.wait()), (0, 0))
        self.assertEqual(moments[0][1]["downloads"], [])
        self.assertEqual(moments[1][1]["downloads"], [["saved", "big.bin"]])
        for recording in (path, saved):
            replay = Replay(self, recording, self.browser)
            for at, seen in (*moments, moments[0], moments[2]):
                self.assertEqual(replay.seek(at), seen)
            self.plays(replay, moments[0][0])
            self.check_anonymous(network, recording)
        wait_until(lambda: b'"it left"' in of_registry.read_bytes(), "that s1 has left")
        replay = Replay(self, of_registry, self.browser)
        first = [f"s{i}" for i in range(1, _PEERS + 1)]
        self.assertEqual(names(replay.seek(moments[0][0])), first)
        self.assertEqual(names(replay.seek(moments[2][0])), [*first[:-1], _LATER])
        self.assertNotIn("s1", names(replay.seek(time.time())))
        self.assertEqual(self.browser.faults, [])

    def plays(self, replay: Replay, at: float) -> None:
        """Play from a time on to the end: what happened is told in words; nothing can be done."""
        replay.seek(at)
        replay.page.select_option("#speed", "100")
        replay.page.get_by_role("button", name="Play").click()
        replay.page.get_by_text("s2 pushes big.bin to @all: saved").wait_for()
        replay.page.get_by_text(f"s{_PEERS} is gone").wait_for()
        replay.page.get_by_text(f"{_LATER} joined").wait_for()
        replay.page.get_by_role("button", name="Play").wait_for()
        self.assertEqual(replay.page.locator("#transfers button").count(), 0)
        self.browser.asked = [each for each in self.browser.asked if origin(replay.url) in each]
        self.browser.check(self, origin(replay.url))
        self.assertNotIn("left out", replay.page.inner_text("#about"))

    def save(self, path: Path) -> "subprocess.Popen[bytes]":
        """Have ``p2p events`` record s1; return once it does."""
        command = [script("p2p"), "events", "--save", str(path), "--peer", "s1"]
        saving = subprocess.Popen(command)
        self.addCleanup(saving.wait)
        self.addCleanup(saving.kill)
        wait_until(lambda: path.exists() and path.stat().st_size > 0, "that it is saved")
        return saving

    def check_anonymous(self, network: Network, path: Path) -> None:
        """Make an anonymous recording of one: it names nobody and nothing, and is as it was."""
        made = path.with_name(f"{path.name} made anonymous")
        command = [script("p2p"), "events", "--from", str(path), "--anonymous", "--save", str(made)]
        subprocess.run(command, check=True, timeout=PATIENCE)
        text = made.read_text()
        secret = [
            *(f"s{i}" for i in range(1, _PEERS + 2)),
            "big",
            "127.0.0.1",
            "default",
            "Downloads",
        ]
        ids = re.findall(r'"id":"(\w{16,})"', path.read_text())
        self.assertGreater(len(set(ids)), 1)
        self.assertIn('"to":["@all"]', text)
        for each in (*secret, *set(ids), str(network.directory), *network.directory.parts[1:]):
            self.assertNotRegex(text, rf"\b{re.escape(each)}\b")
        run, other = read_run(path), read_run(made)
        self.assertEqual((run.events, run.ends), (other.events, other.ends))
        run.close()
        other.close()

    def push(self, name: str, by: str) -> None:
        """Push something to all, and wait until they have it."""
        command = [script("p2p"), "push", name, "--to", "@all", "--wait", "--peer", by]
        subprocess.run(command, check=True, timeout=_PEERS * PATIENCE, stdout=subprocess.PIPE)

    def test_hostile(self) -> None:
        """Whatever is in a recording, nothing of it runs, and lines that are none are counted."""
        evil = {EVIL: "s1", "s1": EVIL, "__proto__": "s1", "constructor": "s1"}
        [download] = [each for each in events() if isinstance(each, DownloadEventView)][:1]
        question = QuestionView(at=3.0, id="1", what="text", text=EVIL, peer=None, is_own=True)
        content = recorded(
            peers(1.0, **evil),
            WarningView(at=2.0, text=EVIL),
            question,
            peers(3.5, went=EVIL, silent="__proto__ s9"),
        )
        told = download.encoded().replace(b'"name":"', b'"name":' + b'"<b onclick=x>')
        path = scratch_folder(self) / "events"
        path.write_bytes(content + told + b'\n{"kind":"peers"}\n\xff\n' + b"[" * 200_000)
        replay = Replay(self, path, self.browser)
        seen = replay.seek(1.5)
        self.assertEqual(len(seen["rows"]), 4)
        replay.seek(0.5)
        replay.page.select_option("#speed", "5")
        replay.page.get_by_role("button", name="Play").click()
        replay.page.get_by_text("is gone").wait_for()
        self.assertIn("searched for “<img/src=x", replay.page.inner_text("#activity"))
        self.assertIn("\\u{202e}", replay.page.inner_text("#activity"))
        self.assertEqual(replay.page.locator("main :is(img, script, b)").count(), 0)
        self.assertIn("3 lines left out", replay.page.inner_text("#about"))
        self.assertEqual(replay.page.title(), "s1 · p2p replay")
        self.browser.check(self, origin(replay.url))

    def test_accessible(self) -> None:
        """No fault is found that keeps anybody out: light, dark, and on a phone; it fits."""
        axe = optional("axe_playwright_python.sync_playwright").Axe()
        path = scratch_folder(self) / "events"
        path.write_bytes(recorded(*events()))
        replay = Replay(self, path, self.browser)
        replay.seek(5.5)
        replay.page.get_by_role("button", name="Play").focus()
        replay.page.keyboard.press("Enter")
        replay.page.get_by_text("the disk is full").wait_for()
        for width, scheme in ((1_280, "light"), (1_280, "dark"), (390, "light")):
            replay.page.set_viewport_size({"width": width, "height": 860})
            replay.page.emulate_media(color_scheme=scheme)
            violations = axe.run(replay.page).response["violations"]
            self.assertEqual([(each["id"], each["nodes"]) for each in violations], [])
            wide = replay.page.evaluate("document.documentElement.scrollWidth")
            self.assertEqual(wide, width)

    def test_what_is_none(self) -> None:
        """A file that is no recording is refused by a sentence."""
        path = scratch_folder(self) / "notes"
        path.write_text("mine\n")
        ran = subprocess.run(
            [script("p2p"), "replay", str(path)], capture_output=True, text=True, timeout=PATIENCE
        )
        self.assertEqual((ran.returncode, ran.stderr.count("\n")), (8, 1))
        self.assertIn("is no recording", ran.stderr)
