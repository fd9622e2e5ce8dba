"""Which addresses this machine has."""

import os
import signal
import socket
import threading
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime import addresses

NOT_OURS = "192.0.2.99"
"""Of a network for documentation."""


class AddressesTests(SynchronousTestCase):
    def test_loopback_is_ours(self) -> None:
        """Any loopback address may be listened on; a documentation's, and that of all, may not."""
        self.assertTrue(addresses.has_address("127.0.0.1"))
        self.assertTrue(addresses.has_address("127.0.0.5"))
        self.assertFalse(addresses.has_address(NOT_OURS))
        self.assertFalse(addresses.has_address("127.255.255.255"))

    def test_addresses_of(self) -> None:
        """All addresses of a name are found, each once; none of one that cannot be looked up."""
        found = [(socket.AF_INET, 1, 6, "", (host, 0)) for host in ("10.9.0.2", "10.9.0.1")]
        asked: list[object] = []

        def look_up(*what: object) -> list[object]:
            asked.append(what)
            return [*found, *found]

        self.patch(socket, "getaddrinfo", look_up)
        self.assertEqual(addresses.addresses_of("10.9.0.9", "lab"), ["10.9.0.2", "10.9.0.1"])
        self.assertEqual(addresses.addresses_of("::1", "lab"), ["10.9.0.2", "10.9.0.1"])
        families = (socket.AF_INET, socket.AF_INET6)
        self.assertEqual(asked, [("lab", None, each, socket.SOCK_STREAM) for each in families])

        def fail(*_what: object) -> None:
            raise socket.gaierror("unknown")

        self.patch(socket, "getaddrinfo", fail)
        self.assertEqual(addresses.addresses_of("10.9.0.9", "nosuchbox"), [])

    def test_listed(self) -> None:
        """What is listed can be bound, and is not loopback."""
        for host in addresses.own_addresses():
            self.assertTrue(addresses.has_address(host), host)
            self.assertFalse(host.startswith("127.") or host == "::1")

    def test_read(self) -> None:
        """The system's lists are read, both with all that is not a peer's."""
        ipv4, ipv6 = self.mktemp(), self.mktemp()
        with open(ipv4, "w") as file:
            for host in ("127.0.0.1", "10.9.0.2", "10.9.0.2", "10.8.0.2", "169.254.7.1"):
                file.write(f"     |-- {host}\n        /32 host LOCAL\n")
            file.write("     |-- 10.9.0.255\n        /32 link BROADCAST\n")
        with open(ipv6, "w") as file:
            file.write("fd000000000000000000000000000002 02 40 00 80     eth0\n")
            file.write("fe80000000000000021163fffe9fbf30 02 40 20 80     eth0\n")
            file.write("00000000000000000000000000000001 01 80 10 80       lo\n")
        self.patch(addresses, "_IPV4_FILE", Path(ipv4))
        self.patch(addresses, "_IPV6_FILE", Path(ipv6))
        self.assertEqual(addresses.own_addresses(), ["10.8.0.2", "10.9.0.2", "fd00::2"])
        self.assertEqual(
            addresses.not_here("10.9.0.99"),
            "10.9.0.99 is not an address of this machine, which has 10.8.0.2 and 10.9.0.2"
            " and fd00::2",
        )

    def test_unknown(self) -> None:
        """Where the system has no such lists, only what is wrong is said."""
        for name in ("_IPV4_FILE", "_IPV6_FILE"):
            self.patch(addresses, name, Path("/nowhere"))
        self.assertEqual(
            addresses.not_here(NOT_OURS), "192.0.2.99 is not an address of this machine"
        )

    def test_towards(self) -> None:
        """The way to this machine begins on it; a name that nobody knows has none."""
        self.assertEqual(addresses.address_towards("127.0.0.1"), "127.0.0.1")

        def unknown(*_arguments: object, **_options: object) -> object:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        self.patch(socket, "getaddrinfo", unknown)
        self.assertIsNone(addresses.address_towards("nosuchbox.lan"))

    def test_towards_several(self) -> None:
        """Of several addresses an IPv4 one counts first, and one with no way to it not at all."""
        places = {
            "both": [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")],
            "one": [(socket.AF_INET, "0.0.0.0.0"), (socket.AF_INET, "127.0.0.1")],
            "six": [(socket.AF_INET6, "::1")],
        }

        def known(host: str, port: int, **_options: object) -> object:
            return [(family, 0, 0, "", (address, port)) for family, address in places[host]]

        self.patch(socket, "getaddrinfo", known)
        for host, address in (("both", "127.0.0.1"), ("one", "127.0.0.1"), ("six", "::1")):
            self.assertEqual(addresses.address_towards(host), address)

    def test_interrupted(self) -> None:
        """Ctrl-C ends the waiting for a resolver that does not answer."""
        ended = threading.Event()
        self.addCleanup(ended.set)
        self.addCleanup(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def never(*_arguments: object, **_options: object) -> object:
            os.kill(os.getpid(), signal.SIGINT)
            ended.wait()
            return []

        self.patch(socket, "getaddrinfo", never)
        self.assertRaises(KeyboardInterrupt, addresses.address_towards, "slow.lan")
