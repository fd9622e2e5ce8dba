"""With which code a script on the console ends."""

from attrs import define, field

from p2p_twisted.runtime.exit_status import Exit


@define
class Exits:
    """Remembers how the lines of a script failed."""

    _failures: set[Exit] = field(factory=set)

    def add(self, failure: Exit) -> None:
        """Remember how a line failed."""
        self._failures.add(failure)

    @property
    def code(self) -> Exit:
        """The code of the lines that failed, if they failed in one way."""
        return Exit.of(self._failures)
