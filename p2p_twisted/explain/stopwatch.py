"""Add up seconds."""

from attrs import define


@define
class Stopwatch:
    """Adds up the seconds of something that begins and ends again and again."""

    _total: float = 0.0
    _since: float | None = None

    def begin(self, now: float) -> None:
        """Begin, unless it has."""
        if self._since is None:
            self._since = now

    def end(self, now: float) -> None:
        """End, unless it has."""
        if self._since is not None:
            self._total += now - self._since
            self._since = None

    def add(self, seconds: float) -> None:
        """Add some that have passed already."""
        self._total += seconds

    def seconds(self, now: float) -> float:
        """Return how many there were so far."""
        return self._total + (0.0 if self._since is None else now - self._since)
