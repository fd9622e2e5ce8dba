"""A daemon's port for the page, which is opened when the page is first asked for."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.route import Call
from p2p_twisted.api.views import PageView
from p2p_twisted.api.web_access import WebAccess, WebFile
from p2p_twisted.api.web_port import WebPort


class WebPortTests(SynchronousTestCase):
    """A peer that was started without ``--web``, or with it."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.file = Path(self.mktemp())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.port = WebPort(self.reactor, "A peer", (), WebFile(self.file))

    def page(self) -> PageView:
        """Ask for the page."""
        return self.successResultOf(Deferred.fromCoroutine(self.port.let_in(Call())))

    def test_opened_once(self) -> None:
        """The first who asks has it opened, on loopback; each address has a code of its own."""
        first, second = self.page(), self.page()
        [(_port, _site, _backlog, interface)] = self.reactor.tcpServers
        self.assertEqual(interface, "127.0.0.1")
        self.assertEqual(urlsplit(first.url)[:3], urlsplit(second.url)[:3])
        self.assertNotEqual(first.url, second.url)
        self.assertTrue(first.url.startswith(json.loads(self.file.read_text())["url"] + "/#"))

    def test_open_already(self) -> None:
        """With ``--web`` it is the port that was named."""
        access = WebAccess(9_100)
        self.port.open(access)
        code = self.page().url.partition("/#")[2]
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertIsNotNone(access.sign_ins.begin(code))

    def test_closed(self) -> None:
        """Once it is closed, its file is gone."""
        self.page()
        self.successResultOf(Deferred.fromCoroutine(self.port.close()))
        self.assertFalse(self.file.exists())

    def test_cannot_listen(self) -> None:
        """Where no port is to be had, that is said."""

        def refuse(*_arguments: Any, **_more: Any) -> None:
            raise CannotListenError("127.0.0.1", 0, OSError("no"))

        self.patch(self.reactor, "listenTCP", refuse)
        failure = self.failureResultOf(Deferred.fromCoroutine(self.port.let_in(Call())), BadRequest)
        self.assertIn("cannot listen for a browser", str(failure.value))
