"""Who shares, and who fetches, is told what is not shared."""

from twisted.logger import capturedLogs, formatEvent

from p2p_twisted.download.progress import Saved
from p2p_twisted.peer_errors import AlreadyHere, NotFound
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.limits import BARE_FOLDERS_SPARE
from tests.peer.cases import SONG, PeerTestCase


class UnsharedTests(PeerTestCase):
    def sharing(self) -> VirtualDaemons:
        daemons = self.daemons()
        names = ("ok.txt", "run.sh", "song", ".gitignore", "12:30.log", "sub/a:b")
        daemons.start("s1", {f"proj/{name}": SONG + name.encode() for name in names})
        daemons.start("s2")
        daemons.run(5.0)
        return daemons

    def test_sharer_is_told(self) -> None:
        """Who shares is told once how much is not shared, or what and why."""
        daemons = self.sharing()
        directory = daemons.folder / "s1"
        line = f"2 entries in {directory} are not shared: status tells why"
        self.assertEqual([said for said in daemons.said if "not shared" in said], [line])
        self.assertEqual(daemons.peers["s1"].status().excluded, 2)
        (directory / "so?.").touch()
        daemons.run(130.0)
        [_first, second] = [said for said in daemons.said if "not shared" in said]
        self.assertTrue(second.startswith(f"so?. in {directory} is not shared: a name may not"))

    def test_folder(self) -> None:
        """A folder that arrives short says how much of it is not shared."""
        daemons = self.sharing()
        for _ in range(2):
            progress = daemons.get("s2", "proj")
            assert isinstance(progress.state, Saved)
            self.assertEqual((progress.files, progress.state.unshared), (3, 3))

    def test_nothing(self) -> None:
        """A folder of which nothing is shared is said to be that, and hides no other one."""
        daemons = self.daemons()
        daemons.start("s1", {"deep/x/a:b": SONG, "deep/.hidden": SONG})
        daemons.start("s2")
        (daemons.folder / "s1" / "bare").mkdir()
        daemons.run(15.0)
        for wanted, said in (
            ("deep", "s1 shares nothing of deep: in it is only what is never shared"),
            ("deep/x", "s1 shares nothing of deep/x"),
            ("bare", "bare at s1 is an empty folder"),
            ("bar", "no peer has bar"),
        ):
            error = self.assertRaises(NotFound, daemons.get, "s2", wanted)
            self.assertIn(said, str(error))
        selection = daemons.result(daemons.peers["s2"].select(["deep", "bare"]))
        self.assertEqual([word for word, _why in selection.failed], ["deep", "bare"])
        daemons.start("s3", {"deep/song": SONG})
        daemons.run(15.0)
        self.assertIsInstance(daemons.get("s2", "deep").state, Saved)
        # It is here now, whatever s1 has.
        self.assertRaises(AlreadyHere, daemons.get, "s3", "deep")

    def test_too_large(self) -> None:
        """A folder that is too large to come as one is said to be that, also to its owner."""
        daemons = self.daemons()
        files = {"many/f": SONG, "more/f": b""}
        daemons.start("s1", files)
        daemons.start("s2")
        for name in ("many", "more"):
            for number in range(BARE_FOLDERS_SPARE + 2):
                (daemons.folder / "s1" / name / str(number)).mkdir()
        with capturedLogs() as events:
            daemons.run(15.0)
        for name in ("many", "more"):
            error = self.assertRaises(NotFound, daemons.get, "s2", name)
            self.assertIn(f"{name} at s1 is too large to come as one folder", str(error))
        self.assertIsInstance(daemons.get("s2", "many/f").state, Saved)
        said = [formatEvent(event) for event in events]
        [line] = [text for text in said if "not shared as a whole" in text]
        self.assertIn("'many' and 1 other folder: a folder may have at most 1,000 empty", line)

    def test_in_a_later_run(self) -> None:
        """That is still known when the download goes on in a later run."""
        daemons = self.sharing()
        daemons.peers["s2"].get("proj", lambda _: None).addErrback(lambda _failure: None)
        daemons.run(0.5)
        self.assertEqual([p.is_ended for p in daemons.peers["s2"].transfers()], [False])
        daemons.result(daemons.stop("s2"))
        daemons.start("s2")
        daemons.run(60.0)
        [progress] = daemons.peers["s2"].transfers()
        assert isinstance(progress.state, Saved), progress
        self.assertEqual(progress.state.unshared, 3)
