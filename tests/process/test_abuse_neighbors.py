"""Neighbors that would keep a peer from all others: whatever they do, the honest ones are there."""

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import AbusedCase, Network
from tests.process.daemons import wait_until
from tests.process.odd_holder import a_holder
from tests.process.stranger import (
    LOOPBACK,
    Line,
    Listener,
    Neighbor,
    SilentFlood,
    a_hit,
    a_ticket,
    call,
    id_of,
)

_SECONDS = 10.0


@pytest.mark.slow
class CensorTests(AbusedCase):
    """A neighbor of s1 that answers every question at once, with holders that do not exist."""

    files = {"s2": {f"sought{number}.bin": bytes([number]) * 200_000 for number in range(3)}}

    def ghosts(self, name: str, **lies: Any) -> list[dict[str, Any]]:
        """Claim for twenty holders that they have a file of s2's."""
        content = self.files["s2"][name]
        ghosts = [f"ghost{number}" for number in range(20)]
        return [a_hit(content, name, ghost, route=[ghost], **lies) for ghost in ghosts]

    def test_made_up_holders(self) -> None:
        """They take no room from the holder that there is."""
        hits = self.ghosts("sought0.bin")
        with a_holder(self.network.port("s1"), "censor", hits, print):
            saved = self.network.get("s1", "sought0.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought0.bin"])

    def test_in_its_name(self) -> None:
        """Nor do ways to that holder which lead nowhere, and the wrong size."""
        hits = self.ghosts("sought1.bin", size=1)
        hits = [*hits, a_hit(self.files["s2"]["sought1.bin"], "sought1.bin", "s2", route=["s2"])]
        with a_holder(self.network.port("s1"), "censor", hits, print):
            saved = self.network.get("s1", "sought1.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought1.bin"])

    def test_several(self) -> None:
        """Nor do several such neighbors."""
        hits = self.ghosts("sought2.bin")
        port = self.network.port("s1")
        with (
            a_holder(port, "censor1", hits, print),
            a_holder(port, "censor2", hits, print),
            a_holder(port, "censor3", hits, print),
        ):
            saved = self.network.get("s1", "sought2.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought2.bin"])


@pytest.mark.slow
class SlotsTests(AbusedCase):
    """Requesters that take all places for uploads, and read almost nothing."""

    files = {"s1": {f"large{number}.bin": bytes([number]) * (8 << 20) for number in range(3)}}

    def read_slowly(self, name: str) -> Callable[[Line], None]:
        def serve(line: Line) -> None:
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            line.say("HELLO", protocol=1, role="peer", name=name, network="default")
            line.hear("PUSH")
            line.read(8 * 32)
            line.say("SEND", chunks=[[0, 8]])
            while line.socket.recv(1_024):
                time.sleep(0.3)

        return serve

    def take_places(self, *names: str) -> None:
        """Ask for forty uploads of one file, for requesters of these names."""
        evil = Neighbor(self.network.port("s1"), "evil")
        self.addCleanup(evil.close)
        ports = {}
        for name in names:
            listener = Listener(self.read_slowly(name))
            self.addCleanup(listener.close)
            ports[name] = listener.port
        for number in range(40):
            name = names[number % len(names)]
            where = {"name": name, "host": LOOPBACK, "port": ports[name]}
            file = id_of(self.files["s1"]["large0.bin"])
            evil.line.say("WANT", ticket=a_ticket(), file=file, via=["evil"], **where)
        wait_until(lambda: any(verb == "REFUSE" for verb, _ in evil.heard), "all places taken")

    def test_one_name(self) -> None:
        """One requester leaves a place for others."""
        self.take_places("evil")
        saved = self.network.get("s2", "large1.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s1"]["large1.bin"])

    def test_many_names(self) -> None:
        """However many they seem to be, the slowest makes room for another one."""
        self.take_places(*(f"evil{number}" for number in range(32)))
        saved = self.network.get("s2", "large2.bin", seconds=2 * _SECONDS)
        self.assertEqual(saved, self.files["s1"]["large2.bin"])


@pytest.mark.slow
class SilentTests(AbusedCase):
    """Hundreds of silent connections to s1, renewed as fast as they are dropped."""

    files = {"s2": {f"pushed{number}.bin": bytes([number]) * 200_000 for number in range(5)}}

    def test_downloads(self) -> None:
        """What is pushed to s1 meanwhile arrives."""
        flood = SilentFlood(self.network.port("s1"), 400)
        self.addCleanup(flood.end)
        wait_until(lambda: flood.renewed > 400, "a flood")
        for name, content in self.files["s2"].items():
            self.assertEqual(self.network.get("s1", name, seconds=_SECONDS), content)
        flood.end()


@pytest.mark.slow
class MuteTests(AbusedCase):
    """A neighbor of s1 that answers no question."""

    def test_not_asked_again(self) -> None:
        """Once it was silent twice, one question is not asked again for its sake."""
        with Neighbor(self.network.port("s1"), "mute", ASK=lambda _self, _ask: None) as mute:
            asked = []
            for _ in range(3):
                before = len(mute.heard)
                self.network.type("s1", "TOPO", "no answer from mute")
                asked.append(sum(verb == "ASK" for verb, _ in mute.heard[before:]))
        self.assertEqual(asked, [2, 1, 1])


class _NetworkCase(SynchronousTestCase):
    """A network of its own, as an abused peer may keep strange neighbors for a while."""

    def start(self, *names: str) -> Network:
        network = Network(*names)
        self.addCleanup(network.end)
        self.addCleanup(lambda: self.assertEqual(network.complaints(), []))
        return network

    def squatter(self, network: Network, port: int) -> Neighbor:
        """Link with s1 as s2, which is away, and answer its questions."""
        gone = f"s2@127.0.0.1:{network.port('s2')} is no neighbor any more"
        network.daemons["s2"].type("leave")
        wait_until(lambda: gone in network.daemons["s1"].log, gone)
        squatter = Neighbor(network.port("s1"), "s2", own_port=port)
        self.addCleanup(squatter.close)
        return squatter


@pytest.mark.slow
class SquatTests(_NetworkCase):
    """A stranger links with s1 under the name of s2."""

    def assert_real_one_is_back(self, network: Network) -> None:
        s1 = network.daemons["s1"]
        before = len(s1.log)
        network.start("s2").wait_ready()
        real = f"linked with s2@127.0.0.1:{network.port('s2')}"
        wait_until(lambda: real in s1.log[before:], "the real s2", _SECONDS)
        network.exchange("s1", "s2")

    def test_made_up_address(self) -> None:
        """Where nobody greets under that name, the real s2 has its place."""
        network = self.start("s1", "s2")
        self.squatter(network, 1_024)
        self.assert_real_one_is_back(network)

    def test_its_address(self) -> None:
        """Nor is it of use to name the address at which the real s2 will be."""
        network = self.start("s1", "s2")
        self.squatter(network, network.port("s2"))
        self.assert_real_one_is_back(network)

    def test_against_a_neighbor(self) -> None:
        """Whoever claims the name of a peer that is there changes nothing."""
        network = self.start("s1", "s2")
        with contextlib.ExitStack() as closing:
            for port in (network.port("s2"), 1_024, *range(1_025, 1_035)):
                line = closing.enter_context(call(network.port("s1")))
                line.say("LINK", why="join", name="s2", port=port, alone=True)
                self.assertEqual(line.hear_all()[-1][0], "BYE")
            network.exchange("s1", "s2")
        self.assertNotIn(
            "s2", network.daemons["s1"].log.rpartition("no neighbor any more")[0][-99:]
        )


@pytest.mark.slow
class EclipseTests(_NetworkCase):
    """Strangers that ask s1 for links, again and again, as if they had none."""

    def neighbors(self, network: Network) -> set[str]:
        """Ask s1 for its own neighbors."""
        said = network.type("s1", "TOPO", " peers, ", _SECONDS)
        [line] = [line for line in said.splitlines() if line.lstrip("> ").startswith("s1 :")]
        return set(line.partition(":")[2].split())

    def test_forty(self) -> None:
        """At least half of the honest neighbors stay, and serve."""
        network = self.start("s1", "s2", "s3")
        with contextlib.ExitStack() as closing:
            for number in range(40):
                with contextlib.suppress(OSError, EOFError):
                    stranger = Neighbor(
                        network.port("s1"), f"evil{number}", own_port=1_024 + number
                    )
                    closing.callback(stranger.close)
            self.assertTrue(self.neighbors(network) & {"s2", "s3"})
            network.exchange("s1", "s2")
            network.exchange("s1", "s3")
