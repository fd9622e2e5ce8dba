"""Remember which content many fetch at the same time, as it was pushed to all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field

from p2p_twisted.wire.names import FileId

# In a network of ten thousand, each then has a few dozen lines a second for all that look for it.
_SECONDS_PER_PEER: Final = 0.1
_SHORTEST_SECONDS: Final = 30.0


@define(eq=False)
class CrowdedFiles:
    """
    Decides when all others are asked for content that all of them fetch.

    Whoever is near has some of it, or soon will: so it is asked for near by. Those who are there
    may all lack the same, so all are asked from time to time: the less often, the more there are.
    """

    # When all may be asked again.
    _far_at: dict[FileId, float] = field(factory=dict, init=False)

    @contextmanager
    def fetching(self, file_id: FileId, now: float) -> Iterator[None]:
        """Ask for some content near by for now; ``now`` is in seconds on the monotonic clock."""
        self._far_at[file_id] = now + _SHORTEST_SECONDS
        try:
            yield
        finally:
            self._far_at.pop(file_id, None)

    def is_near(self, file_id: str, now: float) -> bool:
        """Return whether to be content with who has it near by, be it only some of it."""
        return now < self._far_at.get(file_id, now)

    def asked_all(self, file_id: str, now: float, peers: int) -> None:
        """Ask near by only, for a while, as so many others were asked."""
        if file_id in self._far_at:
            self._far_at[file_id] = now + max(_SHORTEST_SECONDS, _SECONDS_PER_PEER * peers)
