"""Downloads, as lines."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.download_lines import download_line, selection_end, transfers_lines
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Checking,
    Contribution,
    Copying,
    Failed,
    Incomplete,
    Paused,
    Queued,
    Receiving,
    Saved,
    Saving,
    Seeking,
    Waiting,
)
from p2p_twisted.peer.interface import Selection
from p2p_twisted.relay.relay_places import RelayedPair
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.names import PeerAddress
from tests.console.fake_peer import FILE, STATUS, hit, running, saved


class DownloadLineTests(SynchronousTestCase):
    """One download in a line."""

    def test_states(self) -> None:
        """Every state has its words."""
        s4, s5 = Contribution("s4", 1_024, 512.0), Contribution("s5", 1_024, 2.0)
        s6 = Contribution("s6")
        bar = "f1.txt  [##########----------]  50 %  2.0 KiB"
        for state, line in [
            (Seeking(), f"{bar}  looking for a holder"),
            (
                Seeking(misdated=(("s4", "set the clock"),)),
                f"{bar}  no connection with s4: a clock is wrong",
            ),
            (
                Waiting(misdated=(("s4", "set the clock"),)),
                "f1.txt waits for s4: set the clock; it goes on by itself when that is done",
            ),
            (Queued(), f"{bar}  waiting for its turn"),
            (Checking(), f"{bar}  checking what is there already"),
            (Copying(), f"{bar}  copying what is here already"),
            (Receiving(512.0, 2.4, (s4,)), f"{bar}  512 B/s  0:02 left  from s4"),
            (Receiving(512.0, 7_300.0, (s4,)), f"{bar}  512 B/s  2:01:40 left  from s4"),
            (Receiving(512.0, float("inf"), (s4,)), f"{bar}  512 B/s  days left  from s4"),
            (Receiving(512.0, 2.4, (s4, s5, s6)), f"{bar}  512 B/s  0:02 left  from 2 peers"),
            (Receiving(holders=(s6,)), f"{bar}  from s6"),
            (Receiving(), bar),
            (Saving(), f"{bar}  saving"),
            (Waiting(), "f1.txt waits; it goes on by itself when somebody who has it is back"),
            (
                Blocked("the disk is full"),
                "f1.txt waits: the disk is full; it goes on by itself when there is space",
            ),
            (Paused(), f"{bar}  paused"),
            (Failed("the disk is full"), "f1.txt was not downloaded: the disk is full"),
            (
                Failed("its folder may not be written to", is_kept=True, has_arrived=False),
                "f1.txt was not downloaded: its folder may not be written to",
            ),
            (
                Failed("the disk is full", is_kept=True),
                "f1.txt was not downloaded: the disk is full;"
                " what had arrived is kept for the next try",
            ),
            (Canceled(), "canceled f1.txt"),
            (Canceled("its push was refused"), "canceled f1.txt: its push was refused"),
        ]:
            self.assertEqual(download_line(running(state=state)), line)

    def test_saved(self) -> None:
        """Where it is, how large, its verified id, from whom and how fast."""
        self.assertEqual(
            download_line(saved()),
            "saved f1.txt to s2/Downloads/f1.txt (2.0 KiB, id 9f2c41d07ae1c8b2, from s4, 10.9 s)",
        )

    def test_incomplete(self) -> None:
        """An incomplete folder: how much of it has arrived, and what is missing."""
        for missing, words in ((("p/a",), "p/a"), (("x",) * 12, f"{'x, ' * 9}x and 2 more")):
            state = Incomplete("s2/Downloads/p", missing, 1.0, (Contribution("s4"),))
            self.assertEqual(
                download_line(running(name="p", files=20, state=state)),
                f"saved {20 - len(missing)} of 20 files of p to s2/Downloads/p"
                f" (1.0 KiB, from s4, 1.00 s); nobody shares {words} any more",
            )

    def test_changed(self) -> None:
        """What a holder has changed is told apart from what nobody shares, with what to do."""
        missing, changed = ("p/a", "p/b", "p/c"), (("p/b", "s4"),)
        state = Incomplete("s2/Downloads/p", missing, 1.0, changed=changed)
        line = download_line(running(name="p", files=20, state=state))
        why = "s4 has changed p/b: get it again to have it as it is now"
        self.assertTrue(line.endswith(f"; nobody shares p/a, p/c any more; {why}"), line)

    def test_saved_folder(self) -> None:
        """A folder: also how many files; no holder is named when all was there already."""
        self.assertEqual(
            download_line(saved(name="docs", files=12, state=Saved("D/docs", 1.0))),
            "saved docs to D/docs (12 files, 2.0 KiB, id 9f2c41d07ae1c8b2, 1.00 s)",
        )

    def test_older(self) -> None:
        """Files whose names were taken already, which stay, are named."""
        for older, words in (
            (("a.txt",), "an older a.txt stays there"),
            (("a", "b"), "older ones stay there: a, b"),
        ):
            line = download_line(saved(state=Saved("D/a (1).txt", 1.0, older=older)))
            self.assertTrue(line.endswith(f"1.00 s); {words}"), line)

    def test_unshared(self) -> None:
        """Of a folder that came short it is told how much its holder does not share."""
        for number, words in (
            (1, "1 more is not shared by s4"),
            (7, "7 more are not shared by s4"),
        ):
            state = Saved("D/p", 1.0, (Contribution("s4"),), unshared=number)
            line = download_line(saved(name="p", files=3, state=state))
            self.assertTrue(line.endswith(f"from s4, 1.00 s); {words}"), line)
        lack = Incomplete(
            "D/p", ("p/a",), 1.0, (Contribution("s4"), Contribution("s5")), unshared=2
        )
        line = download_line(running(name="p", files=20, state=lack))
        self.assertTrue(line.endswith("nobody shares p/a any more; 2 more are not shared"), line)

    def test_was_here(self) -> None:
        """Of a folder that was there before it is not said that it was saved."""
        line = download_line(saved(name="docs", state=Saved("D/docs", 1.0, was_here=True)))
        self.assertEqual(line, "docs is already in D/docs")


class SelectionTests(SynchronousTestCase):
    """How several downloads of one command ended."""

    def test_was_here(self) -> None:
        """A folder that was there before counts as that, and not as saved."""
        selection = Selection(("proj", "a"), ((hit(name="proj"),), (hit(name="a"),)))
        old = saved(1, files=7, state=Saved("D/proj", 1.0, was_here=True))
        self.assertEqual(
            list(selection_end(selection, [old, saved(2)])), ["saved 1 of 1 file, 1 already here"]
        )
        self.assertEqual(
            list(selection_end(selection, [old, old])), ["nothing to download, 2 already here"]
        )


class TransfersTests(SynchronousTestCase):
    """The list of downloads."""

    def test_lines(self) -> None:
        """Each with the number that cancel wants."""
        self.assertEqual(
            [line[:12] for line in transfers_lines(STATUS, [running(1), saved(12)], ())],
            ["  1  f1.txt ", " 12  saved f"],
        )

    def test_holders(self) -> None:
        """Of several holders each, with what it has delivered."""
        holders = (Contribution("s4", 1_536, 512.0), Contribution("s5", 512, how="reversed"))
        _line, *lines = transfers_lines(STATUS, [running(state=Receiving(512.0, 1.0, holders))], ())
        self.assertEqual(lines, ["     1.5 KiB from s4, 512 B/s", "     512 B from s5 (reversed)"])

    def test_uploads(self) -> None:
        """Each upload with its requester and progress."""
        upload = UploadProgress("s7", FILE, 4_096, 128.0)
        _none, *lines = transfers_lines(STATUS, [], [("f9.txt", upload)])
        self.assertEqual(lines, ["  <  4.0 KiB of f9.txt to s7, 128 B/s"])
        upload = attrs.evolve(upload, how="through s2")
        _none, *lines = transfers_lines(STATUS, [], [("f9.txt", upload)])
        self.assertEqual(lines, ["  <  4.0 KiB of f9.txt to s7 (through s2), 128 B/s"])

    def test_awaited(self) -> None:
        """Under a download that no holder delivers stands what it waits for."""
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        alone = attrs.evolve(STATUS, neighbors=(), alone="there is none")
        outside = attrs.evolve(STATUS, address=None)
        for status, state, awaited in (
            (STATUS, Seeking(), "waiting for a peer that has it"),
            (STATUS, Waiting(), "waiting for a peer that has it"),
            (STATUS, Seeking(refused=(("s4", "busy"),)), "waiting for s4: busy"),
            (STATUS, Seeking(misdated=(("s4", "set it"),)), "waiting for s4: set it"),
            (
                STATUS,
                Waiting(refused=(("s4", "\x1b[2J" + "y" * 400), ("s5", "busy"))),
                f"waiting for s4, and 1 more: \\x1b[2J{'y' * 70}...",
            ),
            (alone, Seeking(), "waiting for other peers: there is none"),
            (
                outside,
                Seeking(),
                "not in a network yet: waiting for the registry at 127.0.0.1:9011",
            ),
            (
                STATUS,
                Seeking((ben,)),
                "ben (10.77.0.24:9000) has it but cannot be reached, nor reach us: a firewall?"
                " let ports 9000-9009 in on one of the two machines",
            ),
        ):
            _line, *lines = transfers_lines(status, [running(state=state)], ())
            self.assertEqual(lines, [f"     {awaited}"])

    def test_none(self) -> None:
        """An empty list says so."""
        self.assertEqual(list(transfers_lines(STATUS, [], ())), ["no downloads yet"])

    def test_relayed(self) -> None:
        """What is relayed for others is listed last."""
        relayed = RelayedPair("s3", "s2", 2_048, 1_024.0)
        status = attrs.evolve(STATUS, relayed=(relayed,))
        _none, line = transfers_lines(status, [], ())
        self.assertEqual(line, "  =  2.0 KiB from s2 to s3, relayed, 1.0 KiB/s")
