"""The paths between the processes of a virtual network, and how they are cut."""

from collections.abc import Iterable

from attrs import define, field, frozen


@frozen
class Path:
    """
    The way from one process to another.

    :ivar latency: one way, in seconds.
    :ivar bandwidth: of each connection, in bytes per second; ``None`` for no bound.
    """

    latency: float = 0.02
    bandwidth: float | None = None


@define
class Paths:
    """
    Knows the path from a process to another, and whether anything gets through.

    Cutting and mending count at once, also for open connections.

    :ivar usual: the path of all pairs for which no other was set.
    """

    usual: Path = Path()
    _paths: dict[tuple[str, str], Path] = field(factory=dict)
    _groups: dict[str, int] = field(factory=dict)
    _lossy: dict[tuple[str, str], None] = field(factory=dict)

    def set(self, one: str, other: str, path: Path) -> None:
        """Give two processes a path of their own, there and back."""
        self._paths[one, other] = self._paths[other, one] = path

    def path(self, source: str, target: str) -> Path:
        """Return the path from a process to another."""
        return self._paths.get((source, target), self.usual)

    def part(self, *groups: Iterable[str]) -> None:
        """Cut the network into these groups, and one of all that are in none of them."""
        self._groups = {name: i for i, group in enumerate(groups, start=1) for name in group}

    def lose(self, source: str, target: str) -> None:
        """Stop what one process sends to another; the way back stays."""
        self._lossy[source, target] = None

    def mend(self) -> None:
        """Undo all cuts and losses."""
        self._groups = {}
        self._lossy = {}

    def carry(self, source: str, target: str) -> bool:
        """Return whether what one process sends to another gets through."""
        is_parted = self._groups.get(source, 0) != self._groups.get(target, 0)
        return not is_parted and (source, target) not in self._lossy
