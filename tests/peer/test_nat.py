"""Whole peers on machines of their own, some of them behind NAT."""

from collections.abc import Callable

from p2p_twisted.download.progress import Saved
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import REGISTRY, VirtualDaemons
from p2p_twisted.testing.hosts import Machines
from p2p_twisted.testing.network import VirtualNetwork
from tests.peer.cases import SONG, PeerTestCase


class NatTests(PeerTestCase):
    """Peers that dial others, and that nobody dials; s1 can be dialed."""

    def started(self, *behind_nat: str) -> VirtualDaemons:
        """Start s1 to s4, some of them behind NAT; s1 has a song, and s2 another one."""
        daemons = self.on(VirtualNetwork(host_of=Machines(behind_nat)))
        daemons.start_registry()
        songs = {"s1": {"song": SONG}, "s2": {"ballad": SONG[1:]}}
        for number in range(1, 5):
            daemons.start(f"s{number}", songs.get(f"s{number}"))
        daemons.run(60.0)
        return daemons

    def how(self, daemons: VirtualDaemons, requester: str, wanted: str) -> str:
        """Have a peer download something; return how it and the holder reached each other."""
        saved = daemons.get(requester, wanted, 20.0).state
        assert isinstance(saved, Saved), saved
        (delivered,) = saved.holders
        return delivered.how

    def dialed_by(self, daemons: VirtualDaemons, name: str) -> list[str]:
        """Return what will list the hosts that a peer dials from now on."""
        dialed: list[str] = []
        reactor = daemons.network.processes[name]
        connect = reactor.connectTCP

        def watched(host: str, *how: object, **more: object) -> object:
            dialed.append(host)
            return connect(host, *how, **more)  # type: ignore[arg-type]

        self.patch(reactor, "connectTCP", watched)
        return dialed

    def test_joins(self) -> None:
        """Such a peer says so, is known by what others see, and belongs to the network."""
        daemons = self.started("s2", "s3")
        said = [text for text in daemons.said if "behind NAT" in text]
        seen = [daemons.network.host_of(name).seen_as for name in ("s2", "s3")]
        self.assertEqual([text.rpartition(" ")[2] for text in said], seen)
        address = daemons.peers["s2"].status().address
        assert address is not None
        self.assertEqual(address.host, seen[0])
        invariants.hold(daemons, *invariants.SETTLED)

    def test_both_ways(self) -> None:
        """It gets files from those that can be dialed, and they from it."""
        daemons = self.started("s2", "s3")
        self.assertEqual(self.how(daemons, "s3", "song"), "reversed")
        self.assertEqual(self.how(daemons, "s4", "ballad"), "direct")
        self.assertEqual(daemons.download("s3", "song"), SONG)
        self.assertEqual(daemons.download("s4", "ballad"), SONG[1:])

    def test_dials_nothing_in_vain(self) -> None:
        """Once a peer knows that it cannot be dialed, its holders do not try."""
        daemons = self.started("s2", "s3")
        seen, dialed = daemons.network.host_of("s3").seen_as, self.dialed_by(daemons, "s1")
        self.assertEqual(self.how(daemons, "s3", "song"), "reversed")
        self.assertNotIn(seen, dialed)

    def test_known_again(self) -> None:
        """A registry that has lost its records, and a peer that starts again, change nothing."""
        daemons = self.started("s2", "s3")
        daemons.crash(REGISTRY)
        daemons.forget_registrations()
        daemons.crash("s3")
        daemons.start_registry()
        daemons.start("s3")
        daemons.run(90.0)
        invariants.hold(daemons, *invariants.SETTLED)
        self.assertEqual(self.how(daemons, "s3", "song"), "reversed")

    def test_both_behind_nat(self) -> None:
        """Where both are, a third peer that both can dial joins them."""
        daemons = self.started("s2", "s3")
        inside, dialed = daemons.network.host_of("s3").address, self.dialed_by(daemons, "s2")
        self.assertIn(self.how(daemons, "s3", "ballad"), ("through s1", "through s4"))
        # That is another one's inside.
        self.assertNotIn(inside, dialed)

    def test_behind_one_nat(self) -> None:
        """Two behind one NAT exchange files inside of it, and nobody relays."""
        hosts = Machines(("s2", "s3"), are_together=True)
        daemons = self.on(VirtualNetwork(host_of=hosts))
        daemons.start_registry()
        for number in range(1, 4):
            daemons.start(f"s{number}", {"ballad": SONG} if number == 2 else None, relay=0)
        daemons.run(20.0)
        self.assertEqual(hosts("s2").seen_as, hosts("s3").seen_as)
        self.assertEqual(self.how(daemons, "s3", "ballad"), "direct")
        self.assertEqual(daemons.download("s3", "ballad"), SONG)

    def test_only_seems_to_be_one_nat(self) -> None:
        """Where nobody is at the address that is inside, it goes on as without it."""
        hosts = Machines(("s2", "s3"), are_together=True)
        daemons = self.on(VirtualNetwork(host_of=hosts))
        daemons.start_registry()
        for number in range(1, 4):
            daemons.start(f"s{number}", {"ballad": SONG} if number == 2 else None)
        daemons.run(20.0)
        daemons.network.closed.update(("s2", "s3"))
        self.assertEqual(self.how(daemons, "s3", "ballad"), "through s1")


def test_fixture(p2p_network: Callable[..., VirtualDaemons]) -> None:
    """Tests of one's own can have peers behind NAT."""
    net = p2p_network(peers=3, nat=("s3",))
    for name, is_behind_nat in (("s1", False), ("s3", True)):
        address = net.peers[name].status().address
        assert address is not None
        assert (address.host != net.network.host_of(name).address) is is_behind_nat
