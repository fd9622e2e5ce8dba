"""Signals strike only while we wait."""

import os
import signal
import time

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.signals import Interrupted, Signals


class SignalsTests(SynchronousTestCase):
    """In this very process."""

    def test_ends_a_wait(self) -> None:
        """A signal that has come before a wait ends it, and says which it was."""
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGTERM)
            with self.assertRaises(Interrupted) as caught:
                signals.wait(10.0)
            self.assertEqual(caught.exception.number, signal.SIGTERM)

    def test_ignored(self) -> None:
        """At the end, neither those that have come nor those to come disturb."""
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            self.assertRaises(Interrupted, signals.wait, 10.0)
            signals.ignore()
            os.kill(os.getpid(), signal.SIGINT)
            signals.wait(0.0)
            signals.wait(0.0)

    def test_raised(self) -> None:
        """Where that is asked for, a signal strikes at once, and only the first one does."""
        with Signals() as signals:
            with self.assertRaises(Interrupted), signals.raised():
                os.kill(os.getpid(), signal.SIGTERM)
                self.fail("it has not struck")
            os.kill(os.getpid(), signal.SIGTERM)
            with self.assertRaises(Interrupted), signals.raised():
                self.fail("it has not struck")

    def test_end_of_a_child(self) -> None:
        """The end of a child ends a wait as well, without raising."""
        with Signals() as signals:
            child = os.posix_spawn("/bin/true", ["true"], {})
            started = time.monotonic()
            signals.wait(10.0)
            self.assertLess(time.monotonic() - started, 5.0)
            os.waitpid(child, 0)

    def test_readable(self) -> None:
        """It tells what can be read."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        with Signals() as signals:
            self.assertEqual(signals.wait(0.0, [reader]), [])
            os.write(writer, b"x")
            self.assertEqual(signals.wait(10.0, [reader]), [reader])

    def test_restored(self) -> None:
        """Afterwards signals do what they did before."""
        before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
        with Signals():
            pass
        after = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
        self.assertEqual(after, before)

    def test_stays_under_nohup(self) -> None:
        """A signal that was ignored stays ignored."""
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            signals.wait(0.0)
