"""One direction of a virtual connection: what travels on it, and when it arrives."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from p2p_twisted.testing.paths import Path

if TYPE_CHECKING:
    from p2p_twisted.testing.interfaces import Process

Arrive = Callable[[bytes], None]
"""Is given what has arrived."""


class Channel:
    """
    Carries what one process sends to another on a connection.

    Bytes keep their order; signals may overtake them. What cannot get through is kept
    until it can.

    :ivar source: who sends on it.
    :ivar target: to whom it leads.
    :ivar path: of what it carries.
    """

    def __init__(self, source: "Process", target: "Process", path: Path) -> None:
        self.path = path
        self.source = source
        self.target = target
        self._free_at = 0.0
        self._unsent: deque[tuple[str, Arrive, bytes]] = deque()

    def send(self, what: str, arrive: Arrive, piece: bytes = b"") -> None:
        """
        Send something that arrives behind everything that is under way.

        :param what: for the trace.
        :param arrive: is given the piece.
        """
        now = self.source.seconds()
        busy = len(piece) / self.path.bandwidth if self.path.bandwidth else 0.0
        self._free_at = max(now, self._free_at) + busy
        self._after(self._free_at - now + self.path.latency, what, arrive, piece)

    def signal(self, what: str, arrive: Arrive) -> None:
        """Send something that takes no bandwidth and waits for none."""
        self._after(self.path.latency, what, arrive, b"")

    def send_again(self) -> None:
        """Send what did not get through, if it does now."""
        if self._gets_through():
            # Until it arrives, what overtakes it is kept behind it.
            self.source.network.clock.happen_in(self.path.latency, self._get_kept_through)
        else:
            self.source.network.stuck[self.send_again] = None

    def drop(self) -> None:
        """Forget what did not get through."""
        self._unsent.clear()

    def _after(self, delay: float, what: str, arrive: Arrive, data: bytes) -> None:
        self.source.network.clock.happen_in(delay, self._get_through, what, arrive, data)

    def _get_through(self, what: str, arrive: Arrive, data: bytes) -> None:
        """Hand on what was sent; keep it where it cannot get through, or behind what could not."""
        if self._unsent or not self._gets_through():
            self._keep(what, arrive, data)
            return
        self._arrived(what, arrive, data)

    def _get_kept_through(self) -> None:
        while self._unsent and self._gets_through():
            self._arrived(*self._unsent.popleft())
        if self._unsent:
            self.source.network.stuck[self.send_again] = None

    def _arrived(self, what: str, arrive: Arrive, data: bytes) -> None:
        network = self.source.network
        network.note(what, self.source.name, self.target.name, data)
        if data and network.tap is not None:
            network.tap(self, data)
        arrive(data)

    def _keep(self, what: str, arrive: Arrive, data: bytes) -> None:
        self._unsent.append((what, arrive, data))
        self.source.network.stuck[self.send_again] = None

    def _gets_through(self) -> bool:
        return self.source.network.carries(self.source, self.target)
