"""List several files that are wanted at once, so that they are one download."""

from collections.abc import Container, Iterable, Iterator, Sequence

from p2p_twisted.storage.free_names import candidates
from p2p_twisted.wire.attributes import UNKNOWN, Attributes
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, check_path, collision_key


def selected(files: Iterable[Sequence[Hit]]) -> tuple[Member, ...]:
    """
    List files as the members of a folder are, each under a name of its own.

    :param files: the holders of each; all hits for one are of one file id.
    """
    return tuple(_apart(files))


def attributes_of(hits: Iterable[Hit]) -> Attributes:
    """Return what the first holder that says so keeps of a file beside its content."""
    told = (hit for hit in hits if hit.modified is not None or hit.executable)
    hit = next(told, None)
    return UNKNOWN if hit is None else Attributes(hit.modified, hit.executable)


def title(words: Sequence[str], files: Sequence[Sequence[Hit]]) -> str:
    """Name a selection by the one word that was typed, or else by its first file."""
    name = words[0]
    if len(words) > 1:
        # Not all words need be of files, or have been found.
        name = f"{files[0][0].name.rpartition('/')[2]} and {len(files) - 1} more"
    try:
        check_path(name)
    except BadName:
        return f"{len(files)} files"
    return name


def _apart(files: Iterable[Sequence[Hit]]) -> Iterator[Member]:
    """Name files so that no two could be mistaken for each other, on any file system."""
    taken: set[str] = set()
    # By name, what to try next for it: there may be thousands of one name.
    names: dict[str, Iterator[str]] = {}
    for hits in files:
        hit = hits[0]
        assert hit.file is not None
        name = hit.name.rpartition("/")[2]
        free = names.setdefault(collision_key(name), candidates(name))
        chosen = next((each for each in free if _is_fit(each, taken)), hit.file)
        taken.add(collision_key(chosen))
        yield Member(hit.file, hit.size, chosen, attributes_of(hits))


def _is_fit(name: str, taken: Container[str]) -> bool:
    try:
        check_path(name)
    except BadName:
        # With a number it is too long.
        return False
    return collision_key(name) not in taken
