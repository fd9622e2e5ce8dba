"""Whom a holder gives the places for uploads to, when more ask than it has."""

from collections import Counter
from functools import partial

from p2p_twisted.bandwidth.limits import PUSHES_AT_ONCE
from p2p_twisted.upload.limits import UPLOAD_GIVEN_UP_SECONDS, UPLOAD_TURN_SECONDS
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Send
from tests.upload.cases import HELLO, Greeter, UploadsCase


class PlaceTests(UploadsCase):
    def serve_others(self, *numbers: int, via: tuple[str, ...] = ()) -> None:
        """Have as many requesters ask, each under a name and at a port of its own."""
        for number in numbers:
            self.requesters[number] = self.listen_as(number)
            self.serve(self.want(name=f"p{number}", port=2000 + number, via=via))

    def served(self) -> "Counter[str]":
        return Counter(upload.requester for upload in self.uploads.all())

    def test_busy(self) -> None:
        """The number of pushes at once is bounded; further requesters are told to go elsewhere."""
        self.serve_others(*range(PUSHES_AT_ONCE + 1))
        self.assertEqual(self.refused, ["busy"])

    def test_many_at_once(self) -> None:
        """Those who ask before any has answered take no more places than there are."""
        connect, later = self.wires.connectTCP, self.wires.callLater
        self.patch(self.wires, "connectTCP", partial(later, 0.1, connect))
        for number in range(PUSHES_AT_ONCE + 8):
            self.listen_as(number)
            want = self.want(name=f"p{number}", port=2000 + number, via=(f"p{number}",))
            self.serve(want)
        self.wires.pass_time(1)
        self.assertEqual(self.refused, ["busy"] * 8)
        self.assertEqual(len(self.served()), PUSHES_AT_ONCE)

    def test_many_dials_of_one_neighbor(self) -> None:
        """A neighbor that leads to hosts which say nothing keeps no others from being served."""
        for number in range(PUSHES_AT_ONCE + 8):
            host = f"10.0.0.{number}"
            self.listen(b"", host, 2000)
            self.serve(self.want(name=f"p{number}", host=host, port=2000, via=("victim", "evil")))
        self.assertEqual(self.refused, ["busy"] * 8)
        self.serve_others(*range(PUSHES_AT_ONCE))
        self.assertEqual(len(self.refused), 8)
        self.assertEqual(self.requesters[0].is_lost, False)

    def test_busy_opens_nothing(self) -> None:
        """What cannot be served anyway is not looked up, still less opened."""
        self.serve_others(*range(PUSHES_AT_ONCE))
        opened = self.opened
        self.serve(self.want())
        self.serve(self.want(host="10.9.9.9"))
        self.assertEqual((self.opened, len(self.refused)), (opened, 2))

    def test_one_requester(self) -> None:
        """One requester has what is free but for the last place, and a share where others come."""
        self.let_listen(lambda: Greeter(encode(HELLO)))
        for _ in range(PUSHES_AT_ONCE):
            self.serve(self.want())
        self.assertEqual(self.refused, ["busy"])
        self.serve_others(*range(PUSHES_AT_ONCE - 8))
        self.assertEqual(self.refused, ["busy"])
        self.assertEqual(self.served()["me"], 8)
        self.serve_others(99)
        self.assertEqual((self.served()["me"], self.served()["p99"]), (8, 0))

    def test_one_host(self) -> None:
        """The names of one host count as one requester, and so do the addresses of a /64."""
        for number in range(PUSHES_AT_ONCE):
            host = f"2001:db8::{number + 1:x}"
            self.listen_as(number, host, 9000)
            self.serve(self.want(name=f"p{number}", host=host))
        self.assertEqual(self.refused, ["busy"])

    def test_slowest_makes_room(self) -> None:
        """Of many requesters the slowest is given up for another one: not at once, and seldom."""
        self.serve_others(*range(PUSHES_AT_ONCE))
        for number in range(1, PUSHES_AT_ONCE):
            self.requesters[number].say(Send(((0, 1),)))
        self.wires.pass_time(UPLOAD_TURN_SECONDS)
        self.serve_others(50)
        self.assertTrue(self.requesters[0].is_lost)
        self.serve_others(51)
        self.assertEqual(self.refused, ["busy"])
        self.wires.pass_time(UPLOAD_GIVEN_UP_SECONDS)
        self.serve_others(52)
        self.assertEqual((self.served()["p52"], len(self.served())), (1, PUSHES_AT_ONCE))

    def test_crowd_of_one_neighbor(self) -> None:
        """However many one neighbor leads here, and how often, others have as many places."""
        half = PUSHES_AT_ONCE // 2
        self.serve_others(*range(PUSHES_AT_ONCE), via=("far", "evil"))
        self.serve_others(50, via=("p50",))
        self.assertEqual(self.refused, ["busy"])
        self.wires.pass_time(UPLOAD_TURN_SECONDS)
        for number in range(50, 50 + half):
            self.serve_others(number, via=("far", "honest"))
            self.serve_others(100 + number, via=("far", "evil"))
        self.assertEqual(self.refused[1:], ["busy"] * half)
        self.assertTrue({f"p{number}" for number in range(50, 50 + half)} <= {*self.served()})
        self.serve_others(99, via=("far", "honest"))
        self.assertEqual(self.refused[1 + half :], ["busy"])

    def test_dropped_at_once(self) -> None:
        """Where the requester's listener drops the push unheard, the requester may dial instead."""
        requester = self.listen()
        self.serve(self.want())
        self.assertEqual(self.refused, [])
        assert requester.transport is not None
        requester.transport.loseConnection()
        self.wires.settle()
        self.assertEqual(self.refused, ["127.0.0.1 ends connections at once"])
        self.assertTrue(self.is_to_fetch)

    def test_lazy_requester(self) -> None:
        """A requester that asks for nothing for half a minute is given up."""
        requester = self.listen()
        self.serve(self.want())
        self.wires.pass_time(29)
        self.assertFalse(requester.is_lost)
        self.wires.pass_time(1)
        self.assertTrue(requester.is_lost)
        self.assertTrue(self.content.is_closed)

    def test_greedy_requester(self) -> None:
        """Chunks that do not exist, and too many at once, are refused."""
        for sends in ([Send(((4, 1),))], [Send(((0, 2**20),))], [Send(((0, 4),) * 64)] * 5):
            requester = self.listen()
            self.serve(self.want())
            requester.received = b""
            requester.say(*sends)
            self.wires.settle()
            self.assertTrue(requester.is_lost)
            self.assertLess(len(requester.received), 4 * MIB)
