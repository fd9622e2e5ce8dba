"""
Run a console and a fake peer on the real reactor: a program for tests to talk to.

A name that starts with "slow" is downloaded for some seconds; "noise" is announced
again and again; "flood" shows far more than any pipe holds.
"""

import sys
import time
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from p2p_twisted.console.history_file import HistoryFile
from p2p_twisted.console.service import ConsoleService
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import Watch
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import FakePeer, running, saved

MIB = 1024 * 1024


class LivelyPeer(FakePeer):
    """A fake peer whose downloads take their time."""

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self._reactor = reactor
        self._number = 0
        self.say: Any = None

    def get(
        self,
        wanted: str | Hit,
        watch: Watch,
        holder: PeerName | None = None,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        name = wanted if isinstance(wanted, str) else wanted.name
        if name == "noise":
            LoopingCall(self.say, "s4 joined").start(0.05)
        elif name == "flood":
            for number in range(30_000):
                self.say(f"{number} {'x' * 100}")
        elif not name.startswith("slow"):
            self.will("get", NotFound(f"no peer has {name} (asked 7 of 7, 0.03 s)"))
        else:
            self._number += 1
            self.will("get", self._slowly(name, self._number, watch))
        return super().get(wanted, watch, holder)

    def _slowly(self, name: str, number: int, watch: Watch) -> "Deferred[Progress]":
        done: Deferred[Progress] = Deferred()
        size = 20 * MIB

        def step(received: int) -> None:
            if received < size:
                watch(running(number, name=name, size=size, received=received))
                self._reactor.callLater(0.05, step, received + MIB)
            else:
                end = saved(number, name=name, size=size, received=size)
                watch(end)
                done.callback(end)

        step(0)
        return done


def main() -> None:
    """Talk until told to leave; ``--results FD`` as the daemon has it, ``--history FOLDER``."""
    reactor = cast(Any, installed)
    reactor.seconds = time.monotonic
    options = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    results = int(options["--results"]) if "--results" in options else None
    folder = options.get("--history")
    peer = LivelyPeer(reactor)
    service = ConsoleService(
        reactor,
        peer,
        "s2",
        lambda _exit: reactor.stop(),
        links=FakeLinks(),
        greeting=["log: nowhere"],
        verdicts_fd=results,
        history=HistoryFile(OwnFolder(Path(folder))) if folder else None,
    )
    peer.say = service.announce
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    service.startService()
    reactor.run()


main()
