"""Where a peer that was told nothing finds its registry."""

import errno
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer import auto_registry
from p2p_twisted.peer.auto_registry import (
    RegistryFinder,
    SeveralHeard,
    choose,
    known_registries,
    registries_of,
)
from p2p_twisted.peer.private_member import PrivateMember
from p2p_twisted.peer.reach import BadReach, NoWay
from p2p_twisted.registry.lan_search import HeardRegistry, IsWanted
from p2p_twisted.runtime.addresses import NO_ADDRESS
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.wire.beacon import Beacon
from tests.trust.private_network import PrivateNetwork

LOOPBACK, MINE = ("127.0.0.1", 9_011), ("10.9.0.2", 9_011)
TEACHER, FORGER = ("10.9.0.1", 9_011), ("10.9.0.66", 9_011)
NETWORK = PrivateNetwork("lab")
NOT_OURS = "192.0.2.99"
ROOT = key_hash(NETWORK.root.certificate.public_key())[:8].hex()
ANNA = NETWORK.let_in("anna")


def heard(
    place: tuple[str, int],
    network: str = "default",
    root: str | None = None,
    at: tuple[str, ...] = (),
) -> HeardRegistry:
    return HeardRegistry(*place, Beacon(network, place[1], root, at))


class FinderCase(SynchronousTestCase):
    """On a machine at 10.9.0.2."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp())
        self.listening = {TEACHER}
        self.lan: Sequence[HeardRegistry] | OSError = [heard(TEACHER)]
        self.searches = 0
        self.said: list[str] = []
        self.finder = RegistryFinder(
            self.state, self.said.append, self.search, lambda place, *_who: place in self.listening
        )
        self.patch(auto_registry, "address_towards", lambda _host: MINE[0])
        self.patch(auto_registry, "own_addresses", lambda: ["10.1.0.1", MINE[0], "172.17.0.1"])

    def search(self, is_wanted: IsWanted) -> tuple[HeardRegistry, ...]:
        self.searches += 1
        if isinstance(self.lan, OSError):
            raise self.lan
        return tuple(sorted(self.lan, key=lambda each: not is_wanted(each)))

    def was_at(self, registries: object) -> None:
        """Say where the last run was registered."""
        state = StateDirectory(self.state)
        state.open()
        state.write("registration", {"registries": registries})
        state.close()


class OpenTests(FinderCase):
    """In an open network."""

    def found(self) -> tuple[tuple[str, int], ...]:
        return self.finder.open("default", allows_lan=True)

    def not_found(self) -> str:
        return str(self.assertRaises(NoWay, self.found))

    def test_this_machine_alone(self) -> None:
        """Where nobody has allowed other machines, none is asked."""
        self.was_at("10.9.0.1:9011")
        self.assertEqual(self.finder.open("default", allows_lan=False), (LOOPBACK,))
        self.assertEqual((self.searches, self.said), (0, []))

    def test_not_to_be_reached(self) -> None:
        """A peer on loopback asks this machine alone, and does not wait for what is not there."""
        told = str(self.assertRaises(NoWay, self.finder.on_loopback, "default", "127.0.0.1"))
        self.assertIn("no registry of network default answers at 127.0.0.1:9011", told)
        self.assertIn("from 127.0.0.1: leave --interface away, or start one here", told)
        self.listening.add(LOOPBACK)
        self.assertEqual(self.finder.on_loopback("default", "127.0.0.1"), (LOOPBACK,))
        self.listening.clear()
        self.was_at("127.0.0.1:9011")
        self.assertEqual(self.finder.on_loopback("default", "127.0.0.1"), (LOOPBACK,))
        self.assertEqual(self.searches, 0)

    def test_no_address_of_this_machine(self) -> None:
        """A wrong --interface is named, and nobody is asked from it."""
        given = {"registry": "auto", "interface": NOT_OURS, "state": self.state}
        given |= {"member": None, "insecure-lan": True, "network": "default"}
        self.patch(auto_registry, "search_lan", self.fail)
        told = str(self.assertRaises(BadReach, registries_of, given))
        self.assertIn(f"{NOT_OURS} is not an address of this machine", told)
        given["interface"] = "127.0.0.1"
        self.patch(RegistryFinder, "on_loopback", lambda *asked: asked[1:])
        self.assertEqual(registries_of(given), ("default", "127.0.0.1"))

    def test_heard(self) -> None:
        """The only one is taken, and that is said before."""
        self.assertEqual(self.found(), (TEACHER,))
        self.assertEqual(
            self.said, ["found the registry of network default at 10.9.0.1:9011: joining"]
        )

    def test_on_this_machine(self) -> None:
        """One here is preferred: at the address at which others reach it, too, if they do."""
        self.listening.update([LOOPBACK, MINE])
        self.assertEqual(self.found(), (MINE,))
        self.patch(auto_registry, "address_towards", lambda _host: None)
        self.assertEqual(self.found(), (MINE,))
        self.listening.remove(MINE)
        self.assertEqual(self.found(), (LOOPBACK,))
        self.assertEqual(self.searches, 0)

    def test_heard_from_this_machine(self) -> None:
        """One here at another port is heard at each of its addresses, and counts once."""
        hosts = ("10.1.0.1", MINE[0], "172.17.0.1")
        self.lan = [heard((host, 9_100)) for host in hosts]
        self.assertEqual(self.found(), ((MINE[0], 9_100),))
        self.lan = [heard((host, port)) for host in hosts for port in (9_100, 9_200)]
        self.assertIn("2 registries", str(self.assertRaises(SeveralHeard, self.found)))

    def test_several(self) -> None:
        """Of several none is joined: which there are is told, and how to choose."""
        self.lan = [heard(TEACHER), heard(FORGER), heard(MINE, "lab")]
        told = str(self.assertRaises(SeveralHeard, self.found))
        expected = "2 registries of network default were heard, at 10.9.0.1:9011 and 10.9.0.66"
        self.assertIn(expected, told)
        self.assertIn("say --registry", told)
        self.assertEqual(self.said, [])

    def test_several_addresses(self) -> None:
        """One that is heard at several addresses is one, where each of them names the other."""
        cable, wifi = TEACHER, ("10.9.0.3", 9_011)
        both = (cable[0], wifi[0])
        self.lan = [heard(cable, at=both), heard(wifi, at=both)]
        self.assertEqual(self.found(), (cable,))
        self.assertIn("found the registry of network default at 10.9.0.1:9011", self.said[0])

    def test_claimed_address(self) -> None:
        """Who only names the address of another registry, or has its packets copied, is another."""
        named = (TEACHER[0], FORGER[0])
        for one, other in (
            (heard(TEACHER), heard(FORGER, at=named)),
            (heard(TEACHER, at=(TEACHER[0], "10.9.0.3")), heard(FORGER, at=named)),
            (heard(TEACHER, at=named), heard((FORGER[0], 9_012), at=named)),
        ):
            self.lan = [one, other]
            self.assertRaises(SeveralHeard, self.found)
        self.lan = [heard(TEACHER), heard(TEACHER, at=named), heard(FORGER, at=named)]
        self.assertRaises(SeveralHeard, self.found)

    def test_very_many(self) -> None:
        """Of a flood some are named."""
        self.lan = [heard((f"10.9.1.{each}", 9_011)) for each in range(16)]
        self.assertIn("and 13 more", str(self.assertRaises(SeveralHeard, self.found)))

    def test_other_network(self) -> None:
        """One of another network is told, with what to say, and not joined."""
        self.lan = [heard(TEACHER, "lab")]
        self.assertIn("but of lab at 10.9.0.1:9011: say --network lab", self.not_found())
        self.lan = [heard(TEACHER, "default", ROOT)]
        self.assertIn("private network default at 10.9.0.1:9011: come in with", self.not_found())

    def test_none(self) -> None:
        """Where none is heard, or none can be, it is said what to type."""
        self.lan = []
        told = self.not_found()
        self.assertIn("no registry was heard within 3 s: say --registry HOST:PORT", told)
        self.lan = PermissionError(1, "Operation not permitted")
        self.assertIn("can be heard (Operation not permitted): say --registry", self.not_found())

    def test_as_before(self) -> None:
        """Where the last run was, the next one is, and nobody on the network is asked."""
        self.was_at("10.9.0.1:9011,registry.lab:9012")
        self.listening.update([LOOPBACK, MINE])
        self.assertEqual(self.found(), (TEACHER, ("registry.lab", 9_012)))
        self.assertEqual((self.searches, self.said), (0, []))

    def test_not_over_a_known_one(self) -> None:
        """One that is away is not replaced by another that says it is there: a person decides."""
        self.was_at("10.9.0.1:9011")
        self.listening.clear()
        for lan in ([heard(FORGER)], [heard(FORGER), heard(TEACHER)]):
            self.lan = lan
            self.assertEqual(self.found(), (TEACHER,))
            told = self.said.pop()
            self.assertIn("10.9.0.1:9011 does not answer, but there is default at 10.9.0.66", told)
            self.assertIn("say --registry to go there", told)
        nothing: tuple[Sequence[HeardRegistry] | OSError, ...] = ([], OSError())
        for self.lan in nothing:
            self.assertEqual(self.found(), (TEACHER,))
        self.assertEqual(self.said, [])

    def test_no_address(self) -> None:
        """Without an address that others can use, it is of no use to know where a registry is."""
        self.lan = OSError(NO_ADDRESS)
        self.assertEqual(str(self.assertRaises(NoWay, self.found)), NO_ADDRESS)
        self.lan = OSError(errno.EPERM, "Operation not permitted")
        self.assertIn("say --registry", str(self.assertRaises(NoWay, self.found)))

    def test_was_on_loopback(self) -> None:
        """A peer that was on this machine alone has known none of its network."""
        self.was_at("127.0.0.1:9011")
        self.assertEqual(self.found(), (TEACHER,))

    def test_damaged(self) -> None:
        """What cannot be read is as if it was not there, and so is what versions before wrote."""
        self.assertEqual(known_registries(self.state), ())
        bad: tuple[object, ...] = ({}, None, 7, "", "a b", "10.9.0.1:x", ["10.9.0.1", 9_011])
        for damaged in bad:
            self.was_at(damaged)
            self.assertEqual(known_registries(self.state), ())

    def test_choose_nothing(self) -> None:
        """Nothing was heard."""
        self.assertRaises(NoWay, choose, (), "default")


class MemberTests(FinderCase):
    """In a private network."""

    def setUp(self) -> None:
        super().setUp()
        self.listening.clear()

    def found(self, came_in_at: tuple[str, int] = TEACHER) -> tuple[tuple[str, int], ...]:
        return self.finder.of_member(PrivateMember(ANNA, "lab", came_in_at))

    def test_as_before(self) -> None:
        """It is where this peer came in, or was last, and nobody is asked."""
        self.listening.add(TEACHER)
        self.assertEqual(self.found(), (TEACHER,))
        self.was_at("10.9.0.7:9011")
        self.assertEqual(self.found(), (TEACHER,))
        self.listening.add(("10.9.0.7", 9_011))
        self.assertEqual(self.found(), (("10.9.0.7", 9_011), TEACHER))
        self.assertEqual(self.searches, 0)

    def test_moved(self) -> None:
        """It has another address: one with the right root is tried, beside the old one."""
        moved = ("10.9.0.9", 9_011)
        self.lan = [heard(FORGER), heard(FORGER, "lab", "0" * 16), heard(moved, "lab", ROOT)]
        self.assertEqual(self.found(), (moved, TEACHER))
        [said] = self.said
        self.assertIn("private network lab at 10.9.0.9:9011, no more at 10.9.0.1:9011", said)

    def test_away(self) -> None:
        """Where none is heard, it waits for the one that it knows."""
        for lan in ([heard(FORGER)], OSError()):
            self.lan = lan
            self.assertEqual(self.found(), (TEACHER,))
        self.assertEqual(self.said, [])

    def test_on_loopback(self) -> None:
        """A network on one machine is not looked for on others."""
        self.assertEqual(self.found(LOOPBACK), (LOOPBACK,))
        self.assertEqual(self.searches, 0)
