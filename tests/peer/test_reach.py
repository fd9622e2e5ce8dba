"""Where a peer listens."""

import socket

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer import reach
from p2p_twisted.peer.reach import BadReach, NoWay, Reach, decide_reach, decide_reach_of_all
from p2p_twisted.runtime import addresses
from p2p_twisted.runtime.addresses import NO_ADDRESS

MINE, FAR = "10.9.0.2", "10.9.0.1"


class ReachTests(SynchronousTestCase):
    """On a machine called box, at 10.9.0.2, on a network where nas is at 10.9.0.1."""

    def setUp(self) -> None:
        self.patch(socket, "gethostname", lambda: "box.example.org")
        self.patch(addresses, "own_addresses", lambda: [MINE])
        self.patch(reach, "has_address", lambda host: host == MINE or host.startswith("127."))
        self.patch(reach, "addresses_of", self.looked_up)
        ways = {FAR: MINE, "nas": MINE, MINE: MINE, "box": MINE, "::1": "::1"}
        self.patch(
            reach,
            "address_towards",
            lambda host: ways.get(host) or ("127.0.0.1" if host.startswith("127.") else None),
        )

    def looked_up(self, like: str, name: str) -> list[str]:
        """Find the addresses of nas, and of one that has none but an IPv6 one."""
        known = {"nas": [FAR], "six": ["fd00::1"]}.get(name, [])
        return [each for each in known if (":" in each) == (":" in like)]

    def refused(self, host: str, interface: str | None, allows_lan: bool = True) -> str:
        """Return why something is refused."""
        asked = (host, 9011), interface, allows_lan
        return str(self.assertRaises(BadReach, decide_reach, *asked))

    def test_this_machine(self) -> None:
        """Loopback and the machine's own names mean the registry here."""
        for host in ("127.0.0.1", "localhost", "box", "BOX.example.org", "box.local", "box."):
            for interface in (None, "127.0.0.1"):
                found = decide_reach((host, 9011), interface, allows_lan=False)
                self.assertEqual(found, Reach("127.0.0.1", ("127.0.0.1", 9011)))
        self.assertEqual(decide_reach(("::1", 9011), None, False), Reach("::1", ("::1", 9011)))

    def test_guessed(self) -> None:
        """On a network, the way to the registry tells which address to listen on."""
        for host in (FAR, "nas", MINE):
            found = decide_reach((host, 9011), None, allows_lan=True)
            self.assertEqual(found, Reach(MINE, (host, 9011), is_guessed=True))

    def test_several(self) -> None:
        """Of several registries, any on the way to which there is an address tells it."""
        places = [("away", 9011), (FAR, 9011), ("nas", 9012)]
        found = decide_reach_of_all(places, None, allows_lan=True)
        self.assertEqual((found.interface, found.is_guessed), (MINE, True))
        self.assertEqual(set(found.registries), set(places))
        self.assertRaises(NoWay, decide_reach_of_all, [("a", 1), ("b", 1)], None, True)
        local = decide_reach_of_all([("localhost", 1), ("box", 2)], None, allows_lan=False)
        self.assertEqual(local.registries, (("127.0.0.1", 1), ("127.0.0.1", 2)))
        mixed = [("127.0.0.1", 9011), (FAR, 9011)]
        self.assertRaises(BadReach, decide_reach_of_all, mixed, None, False)

    def test_named(self) -> None:
        """An address that was named stays."""
        self.assertEqual(decide_reach((FAR, 9011), MINE, True), Reach(MINE, (FAR, 9011)))
        local = decide_reach(("127.0.0.1", 9011), "127.0.0.2", False)
        self.assertEqual(local, Reach("127.0.0.2", ("127.0.0.1", 9011)))

    def test_not_ours(self) -> None:
        """An address of another machine is named as that, with those that there are."""
        self.assertIn(
            f"10.9.0.99 is not an address of this machine, which has {MINE}",
            self.refused(FAR, "10.9.0.99"),
        )
        # It may come later, as by DHCP.
        self.assertRaises(NoWay, decide_reach, (FAR, 9011), "10.9.0.99", True)

    def test_no_way(self) -> None:
        """Where there is no network yet, that may pass by itself, and is told from a mistake."""
        for host in ("nosuchbox", "10.7.0.1"):
            for interface in (None, "127.0.0.1") if host == "nosuchbox" else (None,):
                asked = (host, 9011), interface, True
                self.assertIn("network up?", str(self.assertRaises(NoWay, decide_reach, *asked)))

    def test_of_one_cable(self) -> None:
        """An address that a machine gave itself is refused, with what can be done about that."""
        own: list[str] = []
        self.patch(reach, "own_addresses", lambda: own)
        self.patch(reach, "address_towards", lambda _host: "169.254.10.2")
        self.assertEqual(self.refused("169.254.10.1", None), NO_ADDRESS)
        own.append(MINE)
        self.assertIn(f"start p2p peer with {MINE} as --inter", self.refused("169.254.10.1", None))

    def test_refused(self) -> None:
        """What would be unsafe, or could not work, says what to do."""
        self.assertIn("say --insecure-lan", self.refused(FAR, MINE, allows_lan=False))
        guessed = self.refused(FAR, None, allows_lan=False)
        self.assertIn("say --insecure-lan", guessed)
        self.assertNotIn("--interface", guessed)
        self.assertIn("say --interface", self.refused(FAR, "127.0.0.1"))
        self.assertIn("there is no host nosuchbox", self.refused("nosuchbox", None))
        self.assertIn("different IP versions", self.refused("fd00::2", MINE))
        self.assertIn("10.9.0.2 and six are of different IP versions", self.refused("six", MINE))
        self.patch(reach, "has_address", lambda _host: True)
        self.assertIn("different IP versions", self.refused("nas", "fd00::2"))
        self.assertEqual(decide_reach(("away", 1), MINE, True).registry, ("away", 1))
        self.assertIn("--interface: a host must be", self.refused(FAR, "box"))
