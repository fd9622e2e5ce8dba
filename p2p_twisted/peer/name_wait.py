"""How long a newcomer waits for its name, which a peer that nobody can dial has left behind."""

from typing import Final

from attrs import define

_FORGOTTEN_SECONDS: Final = 15.0
"""By when a registry forgets whose lease has run out, even one that shares its store."""
_PROLONGED_MOST: Final = 2
"""How often a dead peer's lease may be: registries that are started again give all a whole one."""


@define
class NameWait:
    """
    What a newcomer makes of how long the holder of its name has yet; times are in seconds.

    :ivar until: by when the holder is gone, unless its lease is prolonged.
    """

    until: float | None = None
    _prolonged: int = 0

    def hear(self, left: float, now: float) -> None:
        """Hear from a registry how much is left of the holder's lease."""
        if self.until is None or now + left > self.until + _FORGOTTEN_SECONDS:
            self._prolonged += self.until is not None
            self.until = now + left

    def miss(self) -> None:
        """Find no registry: one that comes back prolongs all leases, which says nothing."""
        self.until = None

    @property
    def is_in_vain(self) -> bool:
        """Whether the holder is alive, as nobody else would renew its lease so often."""
        return self._prolonged > _PROLONGED_MOST
