"""The registry as a service."""

from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.service import RegistryService
from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.registry.store import MemoryStore
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.threads import inline
from p2p_twisted.wire.messages import Join, Welcome
from tests.registry.running import make_registry


class RegistryServiceTests(SynchronousTestCase):
    """Start, work and stop."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        notify = mock.patch("p2p_twisted.registry.service.notify")
        self.notify = notify.start()
        self.addCleanup(notify.stop)

    def make(self, registry: Registry | None = None, **how: Any) -> RegistryService:
        """Make a service; a reactor in memory always listens on all addresses."""
        registry = registry or make_registry(self.reactor)
        return RegistryService(self.reactor, registry, "default", "tcp:9011", **how)

    def test_beyond_loopback(self) -> None:
        """It does not let other machines in unless it was told to."""
        error = self.assertRaises(CannotStart, self.make().startService)
        self.assertIn("--insecure-lan", str(error))
        self.assertEqual(error.exit, Exit.USAGE)

    def test_open_to_the_lan(self) -> None:
        """Told to, it serves others, and refuses those whom only this machine could reach."""
        registry = make_registry(self.reactor)
        self.make(registry, allows_lan=True).startService()
        self.assertTrue(registry.policy.is_open)

    def test_no_store(self) -> None:
        """Without a store it does not start."""
        store = SqliteStore(Path("/nonexistent/x.db"), inline)
        service = self.make(make_registry(self.reactor, store), allows_lan=True)
        error = self.assertRaises(CannotStart, service.startService)
        self.assertIn("/nonexistent", str(error))
        self.assertIn("--store names another place", str(error))
        self.assertEqual(error.exit, Exit.DISK)

    def test_ready(self) -> None:
        """It says that it is ready when the reactor runs."""
        self.make(allows_lan=True).startService()
        self.notify.assert_not_called()
        for hook, arguments, keywords in self.reactor.whenRunningHooks:
            hook(*arguments, **keywords)
        self.notify.assert_called_once_with("READY=1\nSTATUS=listening on 0.0.0.0:9011")

    def test_expiry(self) -> None:
        """Reservations that nobody takes up are given up after their time."""
        store = MemoryStore()
        registry = make_registry(self.reactor, store)
        self.make(registry, allows_lan=True).startService()
        joined = Deferred.fromCoroutine(registry.answer(Join("s1"), "192.0.2.7"))
        self.assertIsInstance(self.successResultOf(joined), Welcome)
        self.reactor.pump(9 * [1.0])
        self.assertEqual(len(self.successResultOf(store.load())), 1)
        self.reactor.pump(2 * [1.0])
        self.assertEqual(self.successResultOf(store.load()), ())

    def test_stop(self) -> None:
        """It closes its store, and leaves no timer and no connection."""
        store = MemoryStore()
        service = self.make(make_registry(self.reactor, store), allows_lan=True)
        service.startService()
        listener = self.reactor.tcpServers[0][1]
        with (
            mock.patch.object(store, "close", wraps=store.close) as close,
            mock.patch.object(listener, "close_all") as close_all,
        ):
            self.successResultOf(Deferred.fromCoroutine(service.stopService()))
        close.assert_called_once_with()
        close_all.assert_called_once_with()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
