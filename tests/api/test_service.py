"""What answers at a daemon's socket is made for the first who asks."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import Logger

from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.service import Api, ApiService
from p2p_twisted.api.web_access import WebAccess

log = Logger()


class MadeApi:
    """
    What can be asked of a daemon: nothing.

    :ivar told: what was logged.
    """

    title = "A daemon"

    def __init__(self, kept: KeptLog) -> None:
        self.told: list[str] = []
        self.is_closed = False
        kept.hand_over(lambda line: self.told.append(line.text))

    def routes(self) -> tuple[()]:
        return ()

    def record(self, tell: Tell) -> Any:
        return lambda: None

    def close(self) -> None:
        self.is_closed = True


class Daemon:
    """
    A daemon that only has this service.

    :ivar made: what can be asked of it, once that is made.
    """

    def __init__(self, web: WebAccess | None = None) -> None:
        self.made: list[MadeApi] = []
        self.reactor = MemoryReactorClock()
        self.service = ApiService(self.reactor, self._make, "s1", web=web)

    def _make(self, kept: KeptLog) -> Api:
        self.made.append(MadeApi(kept))
        return self.made[0]

    def start(self) -> None:
        self.service.startService()
        self.reactor.run()

    def connect(self) -> Any:
        """Connect to the socket; return the protocol."""
        [(_path, factory, *_more)] = self.reactor.unixServers
        return factory.buildProtocol(None)

    def stop(self) -> None:
        stopped: Any = self.service.stopService()
        Deferred.fromCoroutine(stopped)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sockets in a folder of their own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_first_connection() -> None:
    """It is made for the first, once, and has what was logged before as well."""
    daemon = Daemon()
    daemon.start()
    log.info("early")
    assert daemon.made == []
    assert daemon.connect() is not None
    log.info("late")
    assert daemon.connect() is not None
    [api] = daemon.made
    assert [line for line in api.told if line in ("early", "late")] == ["early", "late"]
    daemon.stop()
    assert api.is_closed


def test_nobody_asks() -> None:
    """A daemon that nobody has asked ends without it, too."""
    daemon = Daemon()
    daemon.start()
    daemon.stop()
    assert daemon.made == []


def test_recorded() -> None:
    """What records has it made at once, and so has a port for programs."""
    recorded, served = Daemon(), Daemon(WebAccess())
    recorded.service.record(lambda _event: None)
    served.start()
    assert len(recorded.made) == len(served.made) == 1
    assert len(served.reactor.tcpServers) == 1
    served.stop()
