"""Transfers that end at any moment leave nothing behind, on either side."""

import os
import random
import socket
from collections import Counter
from collections.abc import Callable
from itertools import count, product
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure

from p2p_twisted.download import context
from p2p_twisted.download.progress import Canceled, Paused, Progress, Saved, Waiting
from p2p_twisted.wire.limits import MIB
from tests.download.cases import DownloadCase, folder_of, small
from tests.download.content import Content, OnDisk, some_bytes
from tests.download.jobs import Jobs
from tests.download.world import World
from tests.wire.ends import connect, dismantle, open_files

_TURNS = 2_000
_MANY = 1_000
_SOME = 64
_FEW = 5


class Sockets(EPollReactor):
    """A reactor whose connections are pairs of sockets, from one factory to another."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: dict[tuple[str, int], Callable[[], Any]] = {}

    def connectTCP(  # noqa: N802
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: object = None,  # noqa: N803
    ) -> Any:
        """Connect at once, or not at all."""
        listener = self.listeners.get((host, port))
        if listener is None:
            factory.clientConnectionFailed(None, Failure(ConnectError()))
            return None
        ours, theirs = socket.socketpair()
        connect(self, theirs, listener())
        connect(self, ours, factory.buildProtocol(IPv4Address("TCP", host, port)))
        return None

    def settle(self, turns: int = 1) -> None:
        """Let some of it happen."""
        for _ in range(turns):
            self.iterate(0)


class CanceledTests(DownloadCase):
    """
    A holder and a requester on sockets; either side ends whenever it likes.

    :cvar many: how many transfers are enough.
    """

    many = 1_000

    def setUp(self) -> None:
        self.rng = random.Random(1)
        self.wires = Sockets()
        self.addCleanup(dismantle, self.wires)
        self.requester = self.world(wires=self.wires)
        self.content = OnDisk(some_bytes(3 * MIB), self.requester.folder / "shared")
        self.addCleanup(os.close, self.content.on_disk)
        self.holder = self.requester.holder("s1", self.content)

    def until(self, condition: Callable[[], object]) -> None:
        for _ in range(_TURNS):
            if condition():
                return
            self.wires.iterate(0.01)
        raise AssertionError("it never happened")

    def transfer(self) -> None:
        """Begin a download, and cancel it after some turns, if it still goes on."""
        world = self.requester
        done = world.get(self.holder.hit(self.content))
        self.wires.settle(self.rng.randrange(60))
        number = world.shown[-1].number
        if self.rng.random() < 0.3:
            # Its connection is lost first: so it looks for another holder.
            for connection in list(self.holder.uploads._pushes._open):
                connection.abort()
            self.wires.settle(self.rng.randrange(4))
        try:
            world.downloads.cancel(number)
        except KeyError:
            self.saved += 1
            os.unlink(world.folder / "Downloads/f1.txt")
        self.until(lambda: done.called)

    def drill(self, transfers: int) -> None:
        """Begin so many downloads, and see what is left when all have ended."""
        self.saved = 0
        before = Counter(open_files())
        for _ in range(transfers):
            self.transfer()
        self.until(lambda: not Counter(open_files()) - before)
        self.assertEqual(self.requester.left(), ["shared"])
        self.until(lambda: not self.wires.getDelayedCalls())
        self.assertTrue(0 < self.saved < transfers, self.saved)

    def test_some(self) -> None:
        """After a few dozen there is nothing left."""
        self.drill(30)

    @pytest.mark.slow
    def test_many(self) -> None:
        """After a thousand there is nothing left."""
        self.drill(self.many)


class StepByStepTests(DownloadCase):
    """A download in memory that is given up after so many steps."""

    def test_anywhere(self) -> None:
        """Wherever it was, nothing is left of it: no file, no connection, no timer."""
        content = Content(some_bytes(MIB + 3))
        ends = set[type]()
        for steps in count(0, 2):
            if Saved in ends:
                break
            world = self.world()
            content.is_closed = False
            holder = world.holder("s1", content)
            world.downloads.get([holder.hit(content)], world.shown.append)
            world.wires.step(steps)
            if not world.downloads.all()[0].is_ended:
                world.downloads.cancel(1)
            world.wires.settle()
            [progress] = world.downloads.all()
            ends.add(type(progress.state))
            is_saved = isinstance(progress.state, Saved)
            self.assertEqual(world.left(), ["Downloads/f1.txt"] if is_saved else [])
            self.assertEqual(world.wires.getDelayedCalls(), [])
            self.assertTrue(content.is_closed or not world.wires.pumps)
        self.assertEqual(ends, {Canceled, Saved})

    def test_only_run(self) -> None:
        """Where there is no next run, what is not complete goes as it ends, canceled or not."""
        content, ends = Content(some_bytes(5 * MIB)), set[type]()
        for turns, is_canceled in product(range(25), (False, True)):
            world = self.world(offload=(jobs := Jobs()), has_next_run=False)
            done = world.get(world.holder("s1", content).hit(content))
            for _ in range(turns):
                jobs.run_one()
                world.wires.settle()
            if is_canceled and not done.called:
                world.downloads.cancel(1)
            stopped = Deferred.fromCoroutine(world.downloads.stop())
            while jobs.run_one():
                world.wires.settle()
            self.successResultOf(stopped)
            state = self.successResultOf(done).state
            ends.add(type(state))
            self.assertEqual(world.left(), ["Downloads/f1.txt"] * isinstance(state, Saved))
        self.assertEqual(ends, {Canceled, Saved})

    def test_slow_jobs(self) -> None:
        """What a thread is doing ends first: no file is opened or written after the end."""
        for contents in ([Content(some_bytes(5 * MIB))], small(5)):
            ends = Counter(self.canceled_after(turns, contents) for turns in range(25))
            self.assertEqual(set(ends), {Canceled, Saved})
            self.assertGreater(min(ends.values()), 2)

    def canceled_after(self, turns: int, contents: list[Content]) -> type:
        """Cancel a download of a file, or of a folder of some, while jobs take a while."""
        before, jobs = Counter(open_files()), Jobs()
        world = self.world(offload=jobs)
        holder = world.holder("s1", *contents)
        hit = holder.hit(contents[0])
        if len(contents) > 1:
            manifest = folder_of(contents)
            hit = world.holder("s2", manifest, *contents).hit(manifest, "many", kind="folder")
        world.downloads.get([hit], world.shown.append)
        for _ in range(turns):
            jobs.run_one()
            world.wires.settle()
        if not world.downloads.all()[0].is_ended:
            # More than one will cancels it while it ends.
            world.downloads.pause(1)
            world.downloads.cancel(1)
        while jobs.run_one():
            world.wires.settle()
        world.wires.settle()
        [progress] = world.downloads.all()
        whole = {"Downloads/f1.txt"}.union(f"Downloads/many/f{n:04}" for n in range(len(contents)))
        self.assertLessEqual(set(world.left()), whole)
        self.assertEqual(Counter(open_files()) - before, Counter())
        self.assertEqual(world.wires.getDelayedCalls(), [])
        return type(progress.state)

    def test_stopped_between_members(self) -> None:
        """Leaving waits for few of the files that a folder lists, whatever is done with them."""
        self.patch(context, "_LISTED_AT_ONCE", _SOME)
        for is_canceled in (False, True):
            for pieces in range(0, 30, 7):
                world = self.world(offload=(jobs := Jobs()))
                manifest = folder_of([Content(b"%d" % n) for n in range(_MANY)])
                holder = world.holder("s1", manifest)
                world.get(holder.hit(manifest, "many", kind="folder"))
                jobs.run_until("take_some", world, 20 if is_canceled else pieces)
                if is_canceled:
                    world.downloads.cancel(1)
                    jobs.run_until("take_some", world, pieces)
                stopped = Deferred.fromCoroutine(world.downloads.stop())
                for _ in range(_FEW):
                    jobs.run_one()
                self.successResultOf(stopped)
                if is_canceled:
                    self.assertFalse(world.journal.all())

    def test_while_publishing(self) -> None:
        """While the manifest of a folder or one of its files is published, it is not too late."""
        contents = [Content(some_bytes(MIB + 1, seed)) for seed in range(5)]
        for published in (0, 1, 2):
            for ended in (Paused, Canceled):
                world, jobs = self.publishing(contents, published)
                wants = len(world.wants)
                if ended is Paused:
                    world.downloads.pause(1)
                else:
                    world.downloads.cancel(1)
                while jobs.run_one():
                    world.wires.settle()
                [progress] = world.downloads.all()
                self.assertIsInstance(progress.state, ended)
                self.assertEqual(len(world.wants), wants)

    def publishing(self, contents: list[Content], published: int) -> tuple[World, Jobs]:
        """Download a folder until so many of its files are published, and one more is to be."""
        world = self.world(offload=(jobs := Jobs()))
        manifest = folder_of(contents)
        holder = world.holder("s1", manifest, *contents)
        done = world.get(holder.hit(manifest, "many", kind="folder"))
        while jobs.next_one != "_publish_part" or published:
            published -= jobs.next_one == "_publish_part"
            jobs.run_one()
            world.wires.settle()
        self.assertNoResult(done)
        return world, jobs

    def test_what_stands_there_is_read(self) -> None:
        """What reads an immense file that may be the same is told that it is not wanted."""
        for kind, reads in (("file", "_look"), ("folder", "_absent")):
            world = self.world(offload=(jobs := Jobs()))
            contents = [Content(some_bytes(MIB))]
            wanted = folder_of(contents) if kind == "folder" else contents[0]
            holder = world.holder("s1", wanted, *contents)
            done = world.get(holder.hit(wanted, "thing", kind=kind))
            while jobs.next_one != reads:
                jobs.run_one()
                world.wires.settle()
            is_wanted = jobs.last_argument
            self.assertTrue(is_wanted())
            world.downloads.cancel(1)
            self.assertFalse(is_wanted())
            while jobs.run_one():
                world.wires.settle()
            self.assertEqual(self.successResultOf(done).state, Canceled())

    def test_canceled_by_a_watcher(self) -> None:
        """It can be canceled by the very news that no holder delivers."""
        world, content = self.world(), Content(some_bytes(MIB))

        def watch(progress: Progress) -> None:
            if isinstance(progress.state, Waiting):
                world.downloads.cancel(1)

        done = world.downloads.get([world.away("s1", content)], watch)
        world.wires.pass_time(150)
        self.assertEqual(self.successResultOf(done).state, Canceled())
        self.assertEqual(world.left(), [])
        self.assertEqual(world.wires.getDelayedCalls(), [])
