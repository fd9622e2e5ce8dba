"""
Ask a server as so many peers would, each from an address of its own, as told on standard input.

One line of JSON is one load, and one line answers it: how many seconds each took, from the call
to the end of the connection.
"""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any, Final

from benchmarks.lab.hosts import LOOPBACK
from p2p_twisted.runtime.file_limit import raise_file_limit

_FIRST_NETWORK: Final = 10
_SECONDS: Final = 60.0


class Newcomers:
    """Peers of one server, and the tokens that it has given them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tokens: dict[int, str] = {}
        self._silent: list[asyncio.StreamWriter] = []

    async def join(self, number: int) -> None:
        """Register."""
        self._tokens[number] = (await self._ask("P2P", number, name=_name(number)))["token"]

    async def renew(self, number: int) -> None:
        """Extend the lease."""
        await self._ask("RENEW", number, name=_name(number), token=self._tokens[number])

    async def be_silent(self, number: int) -> None:
        """Connect, and say nothing; the connection stays as long as the server lets it."""
        # It may close it at once, to make room.
        with contextlib.suppress(ConnectionError):
            _reader, writer = await self._connect(number)
            self._silent.append(writer)

    def hang_up(self) -> None:
        """Close the connections of those that say nothing."""
        while self._silent:
            self._silent.pop().close()

    async def _ask(self, verb: str, number: int, **fields: str) -> Any:
        reader, writer = await self._connect(number)
        await reader.readline()
        writer.write(f"{verb} {json.dumps(fields)}\r\n".encode())
        answer = await reader.read()
        writer.close()
        verb, _, body = answer.decode().partition(" ")
        if verb != "WELCOME":
            raise ValueError(f"{_name(number)} is answered {answer!r}")
        return json.loads(body)

    async def _connect(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        high, low = divmod(number, 250)
        middle, high = high % 250, _FIRST_NETWORK + high // 250
        return await asyncio.open_connection(
            LOOPBACK, self._port, local_addr=(f"127.{high}.{middle}.{low + 1}", 0)
        )


def _name(number: int) -> str:
    return f"p{number}"


async def load(newcomers: Newcomers, what: str, first: int, count: int, pace: float) -> list[float]:
    """
    Have so many peers do something.

    :param pace: how many begin each second; if negative, how many are at it at any time.
    """
    waits: list[float] = []
    do = getattr(newcomers, what)
    numbers = iter(range(first, first + count))

    async def one(number: int) -> None:
        began = time.monotonic()
        await asyncio.wait_for(do(number), _SECONDS)
        waits.append(time.monotonic() - began)

    async def some() -> None:
        for number in numbers:
            await one(number)

    if pace < 0:
        await asyncio.gather(*(some() for _ in range(round(-pace))))
        return waits
    began, tasks = time.monotonic(), []
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, began + index / pace - time.monotonic()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    return waits


async def main() -> None:
    """Carry out what is told, one after the other, until standard input ends."""
    raise_file_limit()
    known: dict[int, Newcomers] = {}
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        port, *rest = json.loads(line)
        newcomers = known.setdefault(port, Newcomers(port))
        waits = await load(newcomers, *rest)
        newcomers.hang_up()
        print(json.dumps(waits), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
