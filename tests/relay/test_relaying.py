"""A relay that joins two peers."""

from collections.abc import Callable
from functools import partial

from p2p_twisted.relay.limits import MEET_WITHIN_SECONDS, RELAY_SLOWEST_BYTES_PER_SECOND
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import FLOOR_BYTES_PER_SECOND, MIB, STALL_SECONDS
from p2p_twisted.wire.messages import Done, Fetch, Meet, Relay
from tests.relay.cases import RELAY, RelayCase, Talker, hello
from tests.trust.private_network import PrivateNetwork

TICKET = "0" * 32
FLOOR_BYTES = int(FLOOR_BYTES_PER_SECOND * STALL_SECONDS)


class JoiningTests(RelayCase):
    """Two peers that meet."""

    def test_talk(self) -> None:
        """Each hears the other as if they had connected: who has waited greets."""
        anna, ben = self.talk()
        self.assertEqual(ben.greeting, hello("anna"))
        self.assertEqual(self.relaying.pairs, (("anna", "ben"),))
        ben.connection.send(Fetch(TICKET))
        self.wires.settle()
        anna.connection.send(Done())
        self.wires.settle()
        self.assertEqual((anna.heard, ben.heard), ([Fetch(TICKET)], [Done()]))

    def test_raw_bytes(self) -> None:
        """What is large arrives whole, and is counted."""
        anna, ben = self.talk()
        wholes = [bytes([n]) * (MIB // 4) for n in range(8)]
        for whole in wholes:
            ben.send_whole(whole)
            self.wires.settle()
        self.assertEqual(anna.received_bytes, b"".join(wholes))
        self.assertGreaterEqual(self.up.total, 2 * MIB)
        (pair,) = self.relaying.relayed
        self.assertEqual((pair.requester, pair.holder), ("anna", "ben"))
        self.assertEqual(pair.copied, self.up.total)

    def test_ends(self) -> None:
        """Where either ends, the other one does, and the place is free."""
        for closes in (0, 1):
            ends = self.talk()
            ends[closes].connection.close()
            self.wires.pass_time(6)
            self.assertEqual([end.is_lost for end in ends], [True, True])
            self.assertEqual((self.relaying.pairs, self.relaying.relayed), ((), ()))
            self.assertFalse(self.relaying._meters)

    def test_nobody_comes(self) -> None:
        """Who waits is told after 5 s that nobody has come."""
        waiting = self.wait_there()
        self.wires.pass_time(MEET_WITHIN_SECONDS + 1)
        self.assertEqual(waiting.ends, ["the relay has ended the connection"])
        talker, _coming = self.come(waiting.token)
        self.wires.pass_time(1)
        self.assertTrue(talker.is_lost)
        self.assertEqual(self.wait_there().ends, [])

    def test_gives_up_waiting(self) -> None:
        """A place is free as soon as who waits there is gone."""
        waiting = self.wait_there()
        waiting.outer.abort()
        self.wires.settle()
        self.assertEqual(self.wait_there().ends, [])

    def test_slow(self) -> None:
        """Two between whom there is next to nothing in 30 s are parted; with more they are not."""
        anna, ben = self.talk()
        anna.connection.clear_deadline()
        ben.connection.clear_deadline()
        for _ in range(3):
            ben.send_whole(bytes(FLOOR_BYTES))
            self.wires.pass_time(STALL_SECONDS - 1)
            self.assertFalse(anna.is_lost)
        self.wires.pass_time(2 * STALL_SECONDS)
        self.assertEqual((anna.is_lost, ben.is_lost), (True, True))

    def held_back(self, sender: Talker) -> list[str]:
        """Have somebody send more than is read at once; return what befalls the reading."""
        reader, held = self.wires.pumps[1].serverIO, list[str]()
        self.patch(reader, "pauseProducing", lambda: held.append("pause"))
        self.patch(reader, "resumeProducing", lambda: held.append("resume"))
        sender.send_whole(bytes(MIB // 2))
        self.wires.settle()
        self.assertEqual(held[-1], "pause")
        return held

    def test_rate(self) -> None:
        """All that is relayed together keeps to a rate: what is over it is not read."""
        self.rate = MIB
        _anna, ben = self.talk()
        held = self.held_back(ben)
        self.wires.pass_time(1.0, 0.1)
        self.assertEqual(held[-1], "resume")

    def test_paced_as_sent(self) -> None:
        """What is relayed is sent: it waits where all that is sent has to."""
        self.up.limit(MIB)
        _anna, ben = self.talk()
        held = self.held_back(ben)
        self.assertGreaterEqual(self.up.total, MIB // 2)
        self.wires.pass_time(1.0, 0.1)
        self.assertEqual(held[-1], "resume")

    def test_rate_changes(self) -> None:
        """A rate that changes holds for what is relayed already; none does not part the two."""
        _anna, ben = self.talk()
        for rate, kept in ((MIB, MIB), (None, RELAY_SLOWEST_BYTES_PER_SECOND)):
            self.rate = rate
            ben.connection.send(Done())
            self.wires.settle()
            self.assertEqual(self.relaying._limiter.rate, kept)
        self.assertFalse(ben.is_lost)

    def test_stops(self) -> None:
        """With the relay ends all that it relays, and it relays nothing any more."""
        anna, ben = self.talk()
        waiting = self.wait_there(peer="cleo")
        self.tearDown()
        self.assertEqual((anna.is_lost, ben.is_lost), (True, True))
        self.assertEqual(len(waiting.ends), 1)
        self.assertIn("relays nothing", self.wait_there().ends[0])


class PrivateJoiningTests(JoiningTests):
    """The same where everything is encrypted, from end to end."""

    private = PrivateNetwork()

    def test_ciphertext(self) -> None:
        """A relay sees nothing of what the two say, and each knows who the other one is."""
        seen: list[bytes] = []
        anna, ben = self.talk()
        for each in self.wires.pumps:
            hears = each.serverIO.bufferReceived
            self.patch(each.serverIO, "bufferReceived", partial(heard_by, seen, hears))
        ben.connection.send(Fetch(TICKET))
        self.wires.settle()
        self.assertEqual(anna.heard, [Fetch(TICKET)])
        self.assertTrue(seen)
        self.assertNotIn(b"FETCH", b"".join(seen))
        for talker, other in ((anna, "ben"), (ben, "anna")):
            shown = talker.connection.gate.other_end
            assert shown is not None
            self.assertEqual(shown.name, other)

    def test_not_in_anothers_name(self) -> None:
        """Neither end is taken for somebody whose certificate it has not."""
        self.neighbors.add("ben")
        stranger = self.stranger(Relay("anna", "ben"), security=self.security_of("cleo"))
        self.assertIn(b"say nothing in others' names", stranger.received)
        waiting = self.wait_there()
        came = Meet("ben", waiting.token)
        stranger = self.stranger(came, security=self.security_of("cleo"))
        self.assertIn(b"say nothing in others' names", stranger.received)
        self.assertEqual(self.relaying.pairs, ())

    def test_revoked(self) -> None:
        """Where one of the two is revoked, the relay parts them at once."""
        anna, ben = self.talk()
        security = self.security_of(RELAY.name)
        assert security is not None
        admin = self.private.let_in("admin", admin=True)
        self.private.revoke("ben", admin, security.revocations)
        security.cut(0.0)
        self.wires.settle()
        self.assertEqual((anna.is_lost, ben.is_lost), (True, True))


class StrangersTests(RelayCase):
    """Those who ask a relay for what they should not have."""

    def test_no_neighbor(self) -> None:
        """Only neighbors are relayed."""
        stranger = self.stranger(Relay("cleo", "ben"))
        self.assertIn(b"for its neighbors alone", stranger.received)
        self.assertTrue(stranger.is_lost)

    def test_for_all(self) -> None:
        """Where its owner has said so, a relay is there for all."""
        self.relaying._for_all = True
        self.assertIn(b"PLACED", self.stranger(Relay("cleo", "ben")).received)

    def test_neighbors_of_one_host(self) -> None:
        """At such a relay each neighbor has places of its own; a busy one says so to programs."""
        self.relaying._for_all = True
        self.neighbors |= {"cleo", "dora"}
        kept = [self.stranger(Relay(name, f"s{n}")) for name in self.neighbors for n in range(2)]
        self.assertEqual([each.is_lost for each in kept], [False] * 6)
        for name in self.neighbors:
            self.assertIn(b'"code":"full"', self.stranger(Relay(name, "ben")).received)

    def test_off(self) -> None:
        """A relay that is turned off says so."""
        self.assertEqual(self.relaying.rate, 100 * MIB)
        self.rate = None
        self.assertIn(b"relays nothing", self.stranger(Relay("anna", "ben")).received)

    def test_many_requests(self) -> None:
        """A neighbor that asks many times has two places, and the others have theirs."""
        self.neighbors.add("cleo")
        asking = [self.stranger(Relay("anna", f"s{n}")) for n in range(100)]
        self.assertEqual(sum(not each.is_lost for each in asking), 2)
        waiting = self.wait_there("cleo", "ben")
        ben, _coming = self.come(waiting.token)
        self.assertEqual(ben.greeting, hello("cleo"))

    def test_guessing(self) -> None:
        """A token that is guessed joins nobody, and spends none."""
        waiting = self.wait_there()
        for n in range(100):
            guessing = self.stranger(Meet("ben", f"{n + 1_000:032x}"))
            self.assertIn(b"nobody waits here by that token", guessing.received)
            self.assertTrue(guessing.is_lost)
        self.assertIn(b"nobody waits", self.stranger(Meet("cleo", waiting.token)).received)
        ben, _coming = self.come(waiting.token)
        self.assertEqual(ben.greeting, hello("anna"))
        self.assertIn(b"nobody waits", self.stranger(Meet("ben", waiting.token)).received)

    def test_talks_too_early(self) -> None:
        """Who says something before the other one is there is parted from the relay."""
        stranger = self.stranger(Relay("anna", "ben"), b"DONE\r\n")
        self.assertIn(b"wait for the other peer", stranger.received)
        self.assertTrue(stranger.is_lost)

    def test_says_both_at_once(self) -> None:
        """What comes behind MEET in one piece is said to nobody, and harms only who said it."""
        waiting = self.wait_there()
        stranger = self.stranger(encode(Meet("ben", waiting.token)) + b"PUSH {}\r\n")
        self.wires.pass_time(6)
        self.assertTrue(stranger.is_lost)
        self.assertEqual(self.relaying.pairs, ())

    def test_dials_nobody(self) -> None:
        """Whatever a relay is told, it dials nobody."""
        self.talk()
        self.stranger(Relay("anna", "cleo"))
        self.assertEqual(set(self.wires.dialed), {(RELAY.host, RELAY.port)})
        dialers = self.wires.dialed.count((RELAY.host, RELAY.port))
        self.assertEqual(dialers, 3)


def heard_by(seen: list[bytes], hears: Callable[[bytes], None], data: bytes) -> None:
    """Record what a transport is given."""
    seen.append(data)
    hears(data)
