"""Whole peers behind firewalls that let nobody in."""

from functools import partial
from typing import Any

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Receiving, Saved, Waiting
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.peer import Peer
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork
from tests.peer.cases import SONG, PeerTestCase


class FirewallTests(PeerTestCase):
    """Peers that can dial others, and cannot be dialed; s1 can."""

    def started(self, *closed: str, relays: bool = True) -> VirtualDaemons:
        """Start s1, and two others of which some are closed; s2 has a song."""
        daemons = self.daemons()
        daemons.start("s1", relay=None if relays else 0)
        daemons.run(5)
        daemons.network.closed.update(closed)
        for name in ("s2", "s3"):
            daemons.start(name, {"song": SONG} if name == "s2" else None)
        daemons.run(10)
        return daemons

    def test_requester(self) -> None:
        """A requester that is closed dials the holder; both persons see that."""
        self.assert_comes(self.started("s3"), "reversed")

    def test_holder(self) -> None:
        """A holder that is closed dials the requester, as ever."""
        self.assert_comes(self.started("s2"), "direct")

    def assert_comes(self, daemons: VirtualDaemons, how: str) -> None:
        """Have s3 download it; see how it and the holder reach each other."""
        holder, requester = daemons.peers["s2"], daemons.peers["s3"]
        holder.limit(Rates(up=1 << 20))
        done = requester.get("song", unwatched)
        daemons.network.clock.run_until(partial(self.is_receiving, requester), 20.0)
        self.assertEqual([each.how for _name, each in holder.uploads()], [how])
        relayed = [pair for each in daemons.peers.values() for pair in each.status().relayed]
        named = [(pair.requester, pair.holder) for pair in relayed]
        self.assertEqual(named, [("s3", "s2")] if how.startswith("through ") else [])
        (progress,) = requester.transfers()
        assert isinstance(progress.state, Receiving)
        self.assertEqual([each.how for each in progress.state.holders], [how])
        saved = daemons.result(done, 20.0).state
        assert isinstance(saved, Saved)
        self.assertEqual([(each.holder, each.how) for each in saved.holders], [("s2", how)])
        self.assertEqual(daemons.download("s3", "song"), SONG)

    def is_receiving(self, peer: Peer) -> bool:
        """Return whether a peer is receiving something."""
        return any(isinstance(each.state, Receiving) for each in peer.transfers())

    def test_relayed(self) -> None:
        """Where both are closed, s1 relays; and it dials neither for that."""
        dialers: list[str] = []
        note = VirtualNetwork.note

        def noted(network: VirtualNetwork, what: str, source: str, *rest: Any) -> None:
            if what == "connects":
                dialers.append(source)
            note(network, what, source, *rest)

        daemons = self.started("s2", "s3")
        self.patch(VirtualNetwork, "note", noted)
        self.assert_comes(daemons, "through s1")
        self.assertIn("s3", dialers)
        self.assertNotIn("s1", dialers)

    def test_for_all(self) -> None:
        """A peer that is told to relay is found by all, and does so for more than its neighbors."""
        daemons = self.started("s2", "s3", relays=False)
        daemons.start("s4", relay=1 << 30)
        daemons.run(10)
        self.assertIsNone(daemons.peers["s1"].status().relay_rate)
        for up, rate in ((8 << 20, 8 << 20), (None, 1 << 30)):
            daemons.peers["s4"].limit(Rates(up=up))
            self.assertEqual(daemons.peers["s4"].status().relay_rate, rate)
        self.patch(OverlayDriver, "reached", ())
        self.assert_comes(daemons, "through s4")

    def test_relay_comes_back(self) -> None:
        """What waits for a relay goes on within 5 s once one has found its way in."""
        daemons = self.started("s2", "s3", relays=False)
        done = daemons.peers["s3"].get("song", unwatched)
        daemons.run(47.0)
        relay = daemons.start("s4", relay=1 << 30)
        self.patch(OverlayDriver, "reached", ())
        in_time = daemons.network.clock.run_until(lambda: bool(relay.status().neighbors), 30.0)
        self.assertTrue(in_time)
        saved = daemons.result(done, 5.0).state
        assert isinstance(saved, Saved)
        self.assertEqual([each.how for each in saved.holders], ["through s4"])

    def test_relay_stands_still(self) -> None:
        """One that stands still is left within 5 s: the holder is told so by way of another."""
        for seed in range(3):
            daemons = self.daemons(seed)
            for relay in ("s1", "s4"):
                daemons.start(relay)
            daemons.run(5)
            daemons.network.closed.update(("s2", "s3"))
            daemons.start("s2", {"large": b"music" * (6 << 20)})
            requester = daemons.start("s3")
            daemons.run(30)
            daemons.peers["s2"].limit(Rates(up=2 << 20))
            requester.get("large", unwatched).addErrback(lambda _left: None)
            in_time = daemons.network.clock.run_until(partial(self.has_come, requester, 0), 30.0)
            self.assertTrue(in_time)
            [relay] = [name for name, each in daemons.peers.items() if each.status().relayed]
            daemons.vanish(relay)
            # What was sent by then.
            daemons.run(0.5)
            [come] = [each.received for each in requester.transfers()]
            more = partial(self.has_come, requester, come)
            self.assertTrue(daemons.network.clock.run_until(more, 5.0), seed)

    def has_come(self, peer: Peer, count: int) -> bool:
        """Return whether more bytes than that have come of the only download."""
        return any(each.received > count for each in peer.transfers())

    def test_explained(self) -> None:
        """That is what explains it, also while it is tried again."""
        daemons = self.started("s2", "s3", relays=False)
        daemons.peers["s3"].get("song", unwatched).addErrback(lambda _left: None)
        daemons.run(10)
        causes = set()
        for _ in range(60):
            daemons.run(0.5)
            causes.add(daemons.peers["s3"].explain().diagnosis.cause)
        self.assertEqual(causes, {Cause.FIREWALL})

    def test_both(self) -> None:
        """Where nobody relays, both are told; once one side is opened, the file comes by itself."""
        for opened in ("s2", "s3"):
            daemons = self.started("s2", "s3", relays=False)
            done = daemons.peers["s3"].get("song", unwatched)
            daemons.run(10)
            (progress,) = daemons.peers["s3"].transfers()
            holder = daemons.peers["s2"].status().address
            self.assertEqual(progress.state.unreachable, (holder,))  # type: ignore[union-attr]
            (told,) = [said for said in daemons.said if "firewall" in said]
            self.assertIn("wants song but cannot be reached, nor reach us: a firewall?", told)
            daemons.run(140)
            self.assertIsInstance(self.successResultOf(done).state, Waiting)
            daemons.network.closed.remove(opened)
            daemons.run(17)
            (progress,) = daemons.peers["s3"].transfers()
            self.assertIsInstance(progress.state, Saved, opened)
