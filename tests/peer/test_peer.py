"""Real registries and peers in virtual time: how they join, and how they end."""

import json
from shutil import copytree

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from p2p_twisted.download.progress import Saved
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.private_member import MEMBER_FOLDER
from p2p_twisted.peer.settings import STATE_DIRECTORY
from p2p_twisted.peer_errors import NoNetwork
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.testing.introspection import close_files
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.messages import Join
from tests.peer.cases import SONG, PeerTestCase


class JoiningTests(PeerTestCase):
    def test_interface(self) -> None:
        """A peer is what faces expect."""
        self.assertTrue(verifyObject(IPeer, self.daemons().start("s1")))

    def test_topology(self) -> None:
        """Everybody sees everybody, and every link from both ends."""
        daemons = self.daemons()
        daemons.start_many(12)
        daemons.run(10.0)
        for peer in daemons.peers.values():
            topology = daemons.result(peer.topology())
            self.assertEqual(len(topology.peers), 12)
            self.assertEqual(topology.silent, ())
            ends = sum(len(record.links) for record in topology.peers)
            self.assertEqual(2 * len(topology.links), ends)

    def test_no_registry_yet(self) -> None:
        """A peer that is there before the registry joins once there is one; who asks waits 10 s."""
        daemons = self.without_registry("s1")
        peer = daemons.start("s1")
        daemons.run(3.0)
        self.assertIsNone(peer.status().address)
        self.assertIn("127.0.0.1:9011", " ".join(daemons.said))
        error = self.assertRaises(NoNetwork, daemons.result, peer.find("x"), within=10.1)
        self.assertIn("not in a network yet", str(error))
        daemons.start_registry()
        daemons.run(30.0)
        self.assertIsNotNone(peer.status().address)

    def test_name_taken(self) -> None:
        """A second peer of a name is told who has it."""
        daemons = self.daemons()
        self.addCleanup(close_files, daemons.start("s1"))
        daemons.run(1.0)
        daemons.network.processes["first"] = daemons.network.processes["s1"]
        keys = daemons.folder / "s1" / STATE_DIRECTORY / MEMBER_FOLDER
        daemons.folder = daemons.folder / "elsewhere"
        if keys.exists():
            # In a private network nobody else has got a certificate of that name.
            copytree(keys, daemons.folder / "s1" / STATE_DIRECTORY / MEMBER_FOLDER)
        daemons.start("s1")
        daemons.run(5.0)
        self.assertIn("s1 is taken by 127.0.0.1", " ".join(daemons.said))

    def test_name_reserved(self) -> None:
        """A name that was only reserved, as by an answer that got lost, is waited for."""
        daemons = self.daemons()
        places = RegistryPlaces.at("127.0.0.1", 9_011)
        security = self.security_of(daemons, "s1")
        dialer = BoundDialer(daemons.network.process("x"), "", security)
        somebody = RegistryClient(dialer, places, "default", security=security)
        daemons.result(Deferred.fromCoroutine(somebody.join(Join("s1"))))
        peer = daemons.start("s1")
        daemons.run(5.0)
        self.assertIsNone(peer.status().address)
        daemons.run(10.0)
        self.assertIsNotNone(peer.status().address)

    def test_directory_in_use(self) -> None:
        """Two peers do not run on one directory."""
        daemons = self.daemons()
        daemons.start("s1")
        with self.assertRaisesRegex(Exception, "another peer runs in the directory"):
            daemons.start("s1")

    def test_same_place_after_crash(self) -> None:
        """After a crash it takes up its name and port again, at once."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.run(5.0)
        before = daemons.peers["s2"].status().address
        daemons.crash("s2")
        daemons.start("s2")
        daemons.run(5.0)
        self.assertEqual(daemons.peers["s2"].status().address, before)

    def test_place_is_taken(self) -> None:
        """A peer that comes back when its port is somebody else's gets another one."""
        daemons = self.daemons()
        for ports in (range(9_100, 9_101), range(9_100, 9_102)):
            daemons.crash("registry")
            daemons.ports = ports
            daemons.start_registry()
            if len(ports) == 1:
                daemons.start("s1")
                daemons.run(2.0)
                daemons.crash("s1")
                daemons.run(100.0)
                daemons.start("s2")
                daemons.run(2.0)
        peer = daemons.start("s1")
        daemons.run(5.0)
        address = peer.status().address
        assert address is not None
        self.assertEqual(address.port, 9_101)

    def test_stopped_while_joining(self) -> None:
        """A peer that is stopped before it has joined asks no more."""
        daemons = self.without_registry("s1")
        daemons.start("s1")
        daemons.run(2.0)
        daemons.result(daemons.stop("s1"))
        daemons.run(1.0)
        self.assertEqual(daemons.network.processes["s1"].getDelayedCalls(), [])

    def test_stopped_while_coming_back(self) -> None:
        """A peer that is stopped while it still waits for the registry does not go on without."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(5.0)
        daemons.crash("s1")
        daemons.vanish("registry")
        daemons.start("s1")
        daemons.run(0.5)
        daemons.result(daemons.stop("s1"))
        daemons.run(30.0)
        self.assertFalse(daemons.network.processes["s1"].ports)
        self.assertEqual(daemons.network.processes["s1"].getDelayedCalls(), [])

    def test_registry_dies(self) -> None:
        """Without the registry the network goes on; with a new one, newcomers find it again."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.start("s4", {"song": SONG})
        daemons.run(5.0)
        daemons.crash("registry")
        self.assertIsInstance(daemons.get("s1", "song").state, Saved)
        daemons.run(100.0)
        self.assertFalse(daemons.peers["s1"].status().registered)
        daemons.forget_registrations()
        daemons.start_registry()
        daemons.run(90.0)
        self.assertTrue(all(peer.status().registered for peer in daemons.peers.values()))
        daemons.start("s5")
        daemons.run(5.0)
        self.assertEqual(len(daemons.result(daemons.peers["s5"].topology()).peers), 5)

    def test_back_without_registry(self) -> None:
        """A peer that was there before comes back by its book, with no registry at all."""
        daemons = self.daemons()
        daemons.start_many(4)
        daemons.run(65.0)
        daemons.crash("registry")
        daemons.crash("s3")
        daemons.run(60.0)
        daemons.start("s3")
        daemons.run(20.0)
        self.assertEqual(len(daemons.result(daemons.peers["s3"].topology()).peers), 4)
        joined = [said for said in daemons.said if said.startswith("joined as s3")]
        self.assertEqual(len(joined), 1)
        self.assertRegex(
            daemons.said[-1], r"^listening as s3 on port \d+ again, but not registered$"
        )

    def test_remembers_whom_it_reached(self) -> None:
        """Across a restart, those that were reached keep the places that nobody can take."""
        daemons = self.daemons()
        daemons.start_many(4)
        daemons.run(5.0)
        saved = []
        for _ in range(2):
            daemons.result(daemons.stop("s3"))
            book = json.loads((daemons.folder / "s3" / ".p2p" / "book").read_text())
            saved.append({name for name, _host, _port in book["reached"]})
            for name in ("registry", "s1", "s2", "s4"):
                if name in daemons.network.processes and daemons.network.processes[name].running:
                    daemons.crash(name)
            daemons.start("s3")
            daemons.run(5.0)
        self.assertTrue(saved[0])
        self.assertEqual(saved[1], saved[0])

    def test_neighbor_dies(self) -> None:
        """A killed peer is gone from the picture at once, and its port free again."""
        daemons = self.daemons()
        daemons.start_many(8)
        daemons.run(5.0)
        daemons.crash("s1")
        daemons.run(1.0)
        topology = daemons.result(daemons.peers["s5"].topology())
        self.assertEqual(len(topology.peers), 7)
        self.assertEqual(topology.silent, ())


class EndTests(PeerTestCase):
    def test_leave(self) -> None:
        """Who leaves is gone from the picture, and its name and port are free."""
        daemons = self.daemons()
        daemons.ports = range(9_100, 9_104)
        daemons.crash("registry")
        daemons.start_registry()
        daemons.start_many(4)
        daemons.run(5.0)
        daemons.result(daemons.stop("s2"))
        topology = daemons.result(daemons.peers["s1"].topology())
        self.assertEqual([record.peer for record in topology.peers], ["s1", "s3", "s4"])
        daemons.start("s5")
        daemons.run(5.0)
        self.assertIsNotNone(daemons.peers["s5"].status().address)

    def test_leave_without_book(self) -> None:
        """A peer says goodbye even when saving its book has failed in an unforeseen way."""

        def fail(_state: StateDirectory, _name: str, _value: object) -> None:
            raise ZeroDivisionError

        daemons = self.daemons()
        daemons.start_many(2)
        daemons.run(5.0)
        self.patch(StateDirectory, "write", fail)
        daemons.run(60.0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        daemons.result(daemons.peers["s2"].leave())
        daemons.run(1.0)
        self.assertEqual(daemons.peers["s1"].status().neighbors, ())

    def test_leave_twice(self) -> None:
        """To leave again is to wait for the same end."""
        daemons = self.daemons()
        peer = daemons.start("s1")
        daemons.run(2.0)
        first, second = peer.leave(), peer.leave()
        daemons.result(first)
        self.successResultOf(second)
        self.successResultOf(peer.leave())

    def test_stop(self) -> None:
        """Stop ends every peer within three seconds, and not the registry."""
        daemons = self.daemons()
        daemons.start_many(20)
        daemons.run(10.0)
        daemons.result(daemons.peers["s7"].stop_network(), within=3.0)
        daemons.run(1.0)
        stopped = [name for name, p in daemons.network.processes.items() if p.has_stopped]
        self.assertEqual(len(stopped), 19)
        self.assertNotIn("registry", stopped)

    def test_stop_while_linking(self) -> None:
        """Who is about to get its first link when the network is stopped hears of it."""
        for delay in (0.02, 0.05, 0.08, 0.2):
            daemons = self.daemons()
            daemons.start_many(2)
            daemons.run(delay)
            daemons.result(daemons.peers["s1"].stop_network(), within=3.0)
            daemons.run(1.0)
            self.assertTrue(daemons.network.processes["s2"].has_stopped, delay)

    def test_starts_again(self) -> None:
        """Peers that start right after a stop are not stopped by it."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.run(5.0)
        daemons.result(daemons.peers["s1"].stop_network())
        for name in ("s2", "s3"):
            daemons.result(daemons.stop(name))
        daemons.result(daemons.stop("s1"))
        daemons.start_many(3)
        daemons.run(20.0)
        self.assertEqual(len(daemons.result(daemons.peers["s1"].topology()).peers), 3)
        self.assertFalse(any(daemons.network.processes[f"s{i}"].has_stopped for i in (1, 2, 3)))
