"""Bound how much of the reactor's time is taken by what comes in on one connection."""

from collections.abc import Callable
from typing import Final

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.basic import LineReceiver

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.idle_cores import reactor_waited
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire import limits
from p2p_twisted.wire.input import Input

_SLICE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 1.0
# Tokens are whole.
_MICROSECONDS: Final = 1_000_000


@define
class IntakeShare(TokenBucket):
    """A share of the reactor's time, in microseconds; several connections may have it together."""


def an_intake_share(of_links: int = 1) -> IntakeShare:
    """Make the share of one link, or of some that have one together."""
    return IntakeShare(
        of_links * limits.INTAKE_SECONDS_PER_SECOND * _MICROSECONDS,
        of_links * limits.INTAKE_BURST_SECONDS * _MICROSECONDS,
    )


class Intake:
    """
    Makes way for other connections when the lines of one have taken 20 ms in a row.

    One that is limited has a share of the reactor's time: once that is used up, it is read no
    faster than the share comes back, and one that goes on for ten seconds is called abuse.

    :param clock: the reactor.
    :param reader: the connection.
    :param raw: reads its raw bytes.
    :param waited: reads for how many seconds this thread has waited for a core so far. What others
        have meanwhile is not charged to a link, and no link has a share of it: so on a busy machine
        one that floods is ended all the same.
    """

    # Each connection has one.
    __slots__ = (
        "_abused",
        "_began_at",
        "_clock",
        "_fell_behind",
        "_has_ended",
        "_is_held",
        "_over_since",
        "_pausing",
        "_pieces",
        "_raw",
        "_reader",
        "_share",
        "_waited",
        "_waited_before",
    )

    def __init__(
        self,
        clock: IReactorTime,
        reader: LineReceiver,
        raw: Input,
        waited: Callable[[], float] = reactor_waited,
    ) -> None:
        self._clock = clock
        self._waited = waited
        self._reader = reader
        self._raw = raw
        # None until it makes way for the first time.
        self._pausing: Alarm | None = None
        self._is_held = False
        self._has_ended = False
        self._pieces = 0
        self._began_at = 0.0
        self._waited_before = 0.0
        # None: it has no share, but all that there is.
        self._share: IntakeShare | None = None
        self._fell_behind: Callable[[], None]
        self._abused: Callable[[], None]
        self._over_since: float | None = None

    def limit(
        self,
        fell_behind: Callable[[], None],
        abused: Callable[[], None],
        share: IntakeShare | None,
    ) -> None:
        """
        Give the connection its share, from now on.

        :param fell_behind: is called when it has used that up, and is not read for a while.
        :param abused: is called when it goes beyond that for ten seconds; closes it.
        :param share: what it has together with others; ``None`` for one of its own.
        """
        self._fell_behind = fell_behind
        self._abused = abused
        self._share = share or an_intake_share()

    def stop(self) -> None:
        """Never resume reading; twice does no harm."""
        if self._has_ended:
            return
        self._share = None
        self._has_ended = True
        if self._pausing is not None:
            self._pausing.end()
        # It leads back to the connection, which leads here.
        del self._reader

    def hold(self) -> None:
        """Read and handle nothing more until :meth:`release`: what came is still at work."""
        self._is_held = True
        self._pause(None)

    def release(self) -> None:
        """Handle what waits, and read again, unless it is to make way; twice does no harm."""
        if not self._is_held:
            return
        self._is_held = False
        if self._pausing is None or not self._pausing.is_set:
            self._resume()

    def piece_came(self) -> None:
        """
        Begin to measure: what came is about to be handled.

        What is decrypted on the way is a piece within a piece, and measured with it.
        """
        self._pieces += 1
        if self._pieces > 1:
            return
        self._began_at = self._clock.seconds()
        if self._share is not None:
            self._waited_before = self._waited()

    def line_handled(self) -> None:
        """Make way after a line, if it is time; bytes that belong to it must not be waiting."""
        if self._clock.seconds() - self._began_at >= _SLICE_SECONDS:
            self._pause(0.0)

    def piece_handled(self) -> None:
        """Charge the connection for the time since :meth:`piece_came`."""
        self._pieces -= 1
        if self._pieces or self._share is None:
            return
        now, waited = self._clock.seconds(), self._waited()
        left = self._share.left(now - waited)
        if left > self._share.burst / 2:
            self._over_since = None
        # In a test's time, nothing takes any.
        seconds = max(0.0, now - self._began_at - (waited - self._waited_before))
        # No more than it can save up: what held up the process was perhaps not its fault.
        spent = min(int(seconds * _MICROSECONDS), int(self._share.burst))
        self._share.spend(spent)
        if left <= spent:
            self._used_up(now, (spent - left) / self._share.rate)

    def _used_up(self, now: float, until_back: float) -> None:
        if self._over_since is None:
            self._over_since = now
        if now - self._over_since >= limits.ABUSE_SECONDS:
            self._abused()
        else:
            # So long that there is time for more than a line again.
            pause = until_back + _SLICE_SECONDS / limits.INTAKE_SECONDS_PER_SECOND
            self._pause(min(pause, _LONGEST_PAUSE_SECONDS))
            self._fell_behind()

    def _pause(self, seconds: float | None) -> None:
        if self._has_ended:
            # Its transport may be another's by now, and nothing would resume it.
            return
        self._reader.pauseProducing()
        self._raw.hold()
        if seconds is not None:
            self._pausing = self._pausing or Alarm(self._clock, self._resume)
            self._pausing.set(seconds)

    def _resume(self) -> None:
        if not (self._is_held or self._has_ended):
            self._reader.resumeProducing()
            self._raw.release()
