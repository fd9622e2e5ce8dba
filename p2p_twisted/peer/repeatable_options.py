"""Options of a peer that may be repeated: each time they name one more."""

from twisted.python.usage import Options

from p2p_twisted.peer.auto_registry import AUTO

_NOTHING = (None, AUTO)


class RepeatableOptions(Options):
    """Options of which none is passed over, where several are given."""

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
        before = self[option]
        self[option] = text if before in _NOTHING else f"{before}{separator}{text}"
