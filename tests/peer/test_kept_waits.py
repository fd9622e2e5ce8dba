"""What is waited for is waited for again in the next run, also after a crash."""

import json
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Canceled, Failed, Saved, Seeking, Waiting
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.testing.daemons import REGISTRY
from tests.peer.cases import SONG
from tests.peer.test_hashing_wait import HashingCase


class NextRunTests(HashingCase):
    """s2 ends while s1 hashes what s2 wants."""

    def setUp(self) -> None:
        super().setUp()
        self.write("huge.bin")
        self.begun("huge.bin")

    def ask(self, wanted: str) -> None:
        """Ask for something, as one who does not wait for the end."""
        peer = self.net.peers["s2"]
        asked: Deferred[Any] = (
            peer.select([wanted]).addCallback(peer.get_selected, unwatched)
            if "*" in wanted
            else self.get(wanted)
        )
        asked.addErrback(lambda _failure: None)
        self.net.run(1.5)

    def start_again(self) -> None:
        self.seen.clear()
        self.net.start("s2").watch_earlier(self.seen.append)

    def waits(self) -> Any:
        kept = self.net.folder / "s2" / ".p2p" / "waits"
        return json.loads(kept.read_text()) if kept.exists() else []

    def is_saved(self) -> bool:
        return bool(self.seen) and isinstance(self.seen[-1].state, Saved)

    def assert_saved(self) -> None:
        self.assertTrue(self.net.network.clock.run_until(self.is_saved, 60.0))
        self.assertEqual(self.net.download("s2", "huge.bin"), SONG)
        self.assertEqual(self.waits(), [])

    def assert_goes_on(self) -> None:
        self.start_again()
        self.assert_saved()

    def test_crash(self) -> None:
        """After a crash it goes on by itself, under its number, and shows that and its end."""
        self.ask("huge")
        self.net.crash("s2")
        self.assert_goes_on()
        self.assertTrue(self.hashing())
        self.assertEqual({(each.name, each.number) for each in self.seen}, {("huge.bin", 1)})
        [progress] = self.net.peers["s2"].transfers()
        self.assertIsInstance(progress.state, Saved)

    def test_stop(self) -> None:
        """It goes on, too, where the peer has left in order."""
        self.ask("huge")
        self.net.result(self.net.stop("s2"))
        self.assert_goes_on()

    def test_pattern(self) -> None:
        """All that a pattern means is fetched."""
        self.ask("*.bin")
        self.net.crash("s2")
        self.assert_goes_on()

    def test_twice(self) -> None:
        """It goes on after any number of ends."""
        self.ask("huge")
        self.net.crash("s2")
        self.start_again()
        self.net.run(1.0)
        self.net.crash("s2")
        self.assert_goes_on()

    def test_holder_away(self) -> None:
        """A holder that is away is waited for, too."""
        self.ask("huge")
        self.net.crash("s2")
        self.net.crash("s1")
        self.start_again()
        self.net.run(60.0)
        self.assertIsInstance(self.seen[-1].state, Waiting)
        self.net.start("s1")
        self.assert_saved()

    def test_ended(self) -> None:
        """What was canceled or saved is not waited for in the next run."""
        self.ask("huge")
        self.assertEqual(len(self.waits()), 1)
        self.net.peers["s2"].cancel(1)
        self.net.run(3.0)
        self.assertEqual(self.waits(), [])
        self.net.get("s2", "huge")
        self.assertEqual(self.waits(), [])

    def test_canceled_again(self) -> None:
        """It can be canceled in the run that goes on with it, for ever."""
        self.ask("huge")
        self.net.crash("s2")
        self.start_again()
        self.net.run(2.0)
        self.net.peers["s2"].cancel(1)
        self.net.run(20.0)
        [progress] = self.net.peers["s2"].transfers()
        self.assertIsInstance(progress.state, Canceled)
        self.assertEqual(self.waits(), [])

    def test_cannot_go_on(self) -> None:
        """Why it cannot go on is shown: there are two such files now."""
        self.ask("huge")
        self.net.crash("s2")
        self.net.start("s3", {"huge.bin": b"other"})
        self.net.run(10.0)
        self.start_again()
        self.net.run(60.0)
        state = self.seen[-1].state
        assert isinstance(state, Failed), state
        self.assertIn("different files have that name", state.reason)

    def wait_for_registry(self) -> None:
        """Start a peer again that waits for a file, and knows no registry that answers."""
        self.ask("huge")
        self.net.crash("s2")
        self.net.crash(REGISTRY)
        (self.net.folder / "s2" / ".p2p" / "registration").unlink()
        self.start_again()
        self.net.run(60.0)

    def test_no_registry(self) -> None:
        """While its registry is away, it is listed, and can be canceled."""
        self.wait_for_registry()
        peer = self.net.peers["s2"]
        [listed] = peer.transfers()
        self.assertEqual((peer.status().address, listed.state), (None, Seeking()))
        self.assertEqual((self.seen, len(self.waits())), ([], 1))
        peer.cancel(listed.number)
        self.net.run(1.0)
        self.assertEqual(self.waits(), [])
        self.net.start_registry()
        self.net.run(60.0)
        [listed] = peer.transfers()
        self.assertIsInstance(listed.state, Canceled)

    def test_registry_comes(self) -> None:
        """It goes on once there is one; a peer that ends before leaves it to the next run."""
        self.wait_for_registry()
        self.net.result(self.net.stop("s2"))
        self.start_again()
        self.net.run(60.0)
        self.net.start_registry()
        self.assert_saved()

    def test_damaged(self) -> None:
        """A damaged record costs what it held, and nothing more."""
        self.ask("huge")
        self.net.crash("s2")
        for content in ('[{"word": 1}]', "[", "{}", '["x"]'):
            (self.net.folder / "s2" / ".p2p" / "waits").write_text(content)
            self.start_again()
            self.net.run(5.0)
            self.assertEqual(self.net.peers["s2"].transfers(), ())
            self.assertTrue(self.net.result(self.net.peers["s2"].find("own")).hits)
            self.net.crash("s2")
