"""
Have short lives come and go at real registries: a program for drills to talk to.

    python -m tests.process.short_lives_alone SEED LIVES HOST:PORT,HOST:PORT

At the end of standard input it writes one line of JSON: what was wrong, how many places were given,
and from when to when each was waited for, by the monotonic clock.
"""

import json
import sys
import time
from itertools import count
from random import Random
from typing import Any, Final

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.location import read_locations
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.testing.grants import Grants
from p2p_twisted.testing.short_lives import ShortLives

_STAY_SECONDS: Final = (0.1, 20.0)

reactor: Any = installed


class UntilTheEnd(Protocol):
    """Ends the program with its standard input."""

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reactor.running:
            reactor.stop()


def main(seed: int, lives: int, places: str) -> None:
    """Run until standard input ends."""
    reactor.seconds = time.monotonic
    rng, numbers, grants = Random(seed), count(), Grants(dict)
    all_of_them = []
    for _ in range(lives):
        client = RegistryClient(reactor, RegistryPlaces(read_locations(places), rng), "default")
        life = ShortLives(
            process=reactor,
            client=client,
            grants=grants,
            choose=lambda: f"life{next(numbers)}",
            rng=rng,
            stays=_STAY_SECONDS,
        )
        all_of_them.append(life)
        living = Deferred.fromCoroutine(life.live())
        living.addErrback(lambda failure: grants.wrong.append(failure.getTraceback()))
    StandardIO(UntilTheEnd(), reactor=reactor)
    say("ready")
    reactor.run()
    waits = [wait for life in all_of_them for wait in life.waits]
    say(json.dumps({"wrong": grants.wrong, "given": grants.given, "waits": waits}))


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
