"""Options of a peer that may be repeated: each time they name one more."""

from twisted.python.usage import Options


class RepeatableOptions(Options):
    """Options of which none is passed over, where several are given."""

    def __init__(self) -> None:
        super().__init__()
        # Otherwise what an option has is its default, which counts no more once it is said.
        self._said: set[str] = set()

    def opt_registry(self, text: str) -> None:
        """Where the registry listens: HOST:PORT; may be repeated."""
        self._add("registry", ",", text)

    def opt_accept(self, text: str) -> None:
        """Whose pushes to take: anyone, admins, @GROUP, ask or none; may be repeated."""
        self._add("accept", ",", text)

    def opt_share(self, text: str) -> None:
        """Share a directory, too, in a folder: NAME=DIR; may be repeated."""
        self._add("share", "\n", text)

    def _add(self, option: str, separator: str, text: str) -> None:
        self[option] = f"{self[option]}{separator}{text}" if option in self._said else text
        self._said.add(option)
