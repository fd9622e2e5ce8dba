"""List several files that are wanted at once, so that they are one download."""

from collections.abc import Container, Iterable, Iterator, Sequence

from p2p_twisted.storage.part_file import candidates
from p2p_twisted.wire.manifest import Member, encode
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, check_path, collision_key


def selected(files: Iterable[Sequence[Hit]]) -> bytes:
    """
    List files as a folder's manifest does, each under a name of its own.

    :param files: the holders of each; all hits for one are of one file id.
    :raises BadManifest: when there are too many.
    """
    return encode(_apart(hits[0] for hits in files))


def title(words: Sequence[str], count: int) -> str:
    """Name a selection by what was typed."""
    more = f" and {len(words) - 1} more" if len(words) > 1 else ""
    name = words[0] + more
    try:
        check_path(name)
    except BadName:
        return f"{count} files"
    return name


def _apart(hits: Iterable[Hit]) -> Iterator[Member]:
    """Name files so that no two could be mistaken for each other, on any file system."""
    taken: set[str] = set()
    # By name, what to try next for it: there may be thousands of one name.
    names: dict[str, Iterator[str]] = {}
    for hit in hits:
        assert hit.file is not None
        name = hit.name.rpartition("/")[2]
        free = names.setdefault(collision_key(name), candidates(name))
        chosen = next((each for each in free if _is_fit(each, taken)), hit.file)
        taken.add(collision_key(chosen))
        yield Member(hit.file, hit.size, chosen)


def _is_fit(name: str, taken: Container[str]) -> bool:
    try:
        check_path(name)
    except BadName:
        # With a number it is too long.
        return False
    return collision_key(name) not in taken
