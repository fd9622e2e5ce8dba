"""Count what lies below each folder and is not shared."""

from p2p_twisted.library.folders import folders_above


class LeftOut:
    """Counts, by a file's name, or a folder's with ``/`` behind it for what is directly in it."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._below: dict[str, int] = {}

    def put(self, name: str, count: int) -> None:
        """Replace what is counted for a file, or for what is directly in a folder."""
        more = count - self._counts.get(name, 0)
        if not more:
            return
        for folder in folders_above(name):
            self._below[folder] = self._below.get(folder, 0) + more
            if not self._below[folder]:
                del self._below[folder]
        if count:
            self._counts[name] = count
        else:
            del self._counts[name]

    def below(self, folder: str) -> int:
        """Return how many entries below a folder are not shared, at any depth."""
        return self._below.get(folder, 0)

    def counted(self, folder: str) -> set[str]:
        """Return what something is counted for, below a folder."""
        start = f"{folder}/" if folder else ""
        return {name for name in self._counts if name.startswith(start)}
