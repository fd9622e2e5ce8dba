"""
Greet, read a line, answer JSON, and close: the least that a registry written in Twisted would do.

    python -m benchmarks.contenders.minimal PORT
"""

import json
import sys
from typing import Any, Final

from twisted.internet import epollreactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from typing_extensions import override

from p2p_twisted.runtime.file_limit import raise_file_limit

_BACKLOG: Final = 1024


class Answerer(LineOnlyReceiver):
    """Answers one line with about as much as a registry's first answer."""

    delimiter = b"\n"

    # Twisted sets it before connectionMade.
    transport: Any

    @override
    def connectionMade(self) -> None:
        self.transport.write(b'HELLO {"role":"registry"}\r\n')

    @override
    def lineReceived(self, line: bytes) -> None:
        asked = json.loads(line.partition(b" ")[2])
        host = self.transport.getPeer().host
        peers = [{"name": f"p{number}", "host": host, "port": 9000} for number in range(8)]
        answer = {"name": asked["name"], "host": host, "token": "0" * 32, "referrals": peers}
        self.transport.write(b"WELCOME " + json.dumps(answer).encode() + b"\r\n")
        self.transport.loseConnection()


def main() -> None:
    """Listen on loopback until a signal."""
    raise_file_limit()
    reactor = epollreactor.EPollReactor()
    reactor.listenTCP(int(sys.argv[1]), Factory.forProtocol(Answerer), _BACKLOG, "127.0.0.1")
    reactor.callWhenRunning(print, "ready", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
