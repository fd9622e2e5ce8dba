"""A registry that is killed while thousands join."""

import asyncio
import contextlib
import sqlite3
import time

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.limits import RESERVATION_SECONDS
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Join, Welcome
from tests.process.daemons import Daemon, free_port, scratch_folder

_JOINS = 10_000
_AT_ONCE = 64
_KILLED_AFTER = 2_500


@pytest.mark.slow
class KilledRegistryTests(SynchronousTestCase):
    """``kill -9`` in the middle of 10,000 joins."""

    def test_every_acknowledged_one_is_there(self) -> None:
        """Whoever was told to be registered is in the store, and nobody has what another has."""
        directory = scratch_folder(self)
        self.port = free_port()
        listen = f"tcp:{self.port}:interface=127.0.0.1"
        registry = Daemon("-n", "p2pmeta", "--listen", listen, cwd=directory)
        self.addCleanup(registry.end)
        registry.wait_ready()
        asyncio.run(self.join_all(registry))
        killed = time.monotonic()
        self.assertLess(len(self.welcomes), _JOINS)
        with contextlib.closing(sqlite3.connect(directory / "p2pmeta.db")) as database:
            kept = set(database.execute("SELECT name, host, port, token FROM peer"))
        # What was reserved earlier may have run out.
        told = {
            (each.name, each.host, each.port, each.token)
            for asked, each in self.welcomes
            if asked > killed - RESERVATION_SECONDS
        }
        self.assertEqual(told - kept, set())
        self.assertNotEqual(told, set())
        for some in (kept, told):
            self.assertEqual(len({(host, port) for _, host, port, _ in some}), len(some))
        again = Daemon("-n", "p2pmeta", "--listen", listen, cwd=directory)
        self.addCleanup(again.end)
        again.wait_for_log(f"{len(kept)} peers are known from before")

    async def join_all(self, registry: Daemon) -> None:
        """Have all join, until the registry is killed; record when they asked, and the answers."""
        numbers = iter(range(_JOINS))
        self.welcomes: list[tuple[float, Welcome]] = []

        async def some() -> None:
            for number in numbers:
                asked = time.monotonic()
                self.welcomes.append((asked, await self.join(number)))
                if len(self.welcomes) == _KILLED_AFTER:
                    registry.kill()

        async def until_it_is_gone() -> None:
            with contextlib.suppress(OSError, EOFError):
                await some()

        await asyncio.gather(*(until_it_is_gone() for _ in range(_AT_ONCE)))

    async def join(self, number: int) -> Welcome:
        """Have one peer join, from an address of its own."""
        high, low = divmod(number, 250)
        own = (f"127.9.{high}.{low + 1}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=own)
        try:
            await reader.readuntil(b"\n")
            writer.write(encode(Join(f"p{number}")))
            answer = decode(await reader.readuntil(b"\n"))
        finally:
            writer.close()
        assert isinstance(answer, Welcome), answer
        return answer
