"""What hits mean: which of them answer to a name, and whether they are one thing."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from glob import escape
from itertools import chain
from typing import Final

import attrs

from p2p_twisted.library.matching import last_component, rank, without_slash
from p2p_twisted.peer.interface import Found, Selection
from p2p_twisted.peer_errors import (
    AlreadyHere,
    Ambiguous,
    IsFolder,
    NotFound,
    NotReady,
    PeerError,
)
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName, collision_key

_ALL_HASHED: Final = 100

Hits = tuple[Hit, ...]
"""The holders of one thing: a file or a folder."""


@attrs.frozen
class StillHashing(NotReady):
    """Holders are still hashing it: ``hits`` say how far they are."""

    hits: Hits

    def __str__(self) -> str:
        return f"{self.hits[0].peer} is still hashing {self.hits[0].name}"


@attrs.frozen
class NothingShared(NotFound):
    """A peer has a folder of that name, and shares nothing of it, or not all: see ``hit``."""

    hit: Hit

    def __str__(self) -> str:
        if self.hit.size:
            return (
                f"{self.hit.name} at {self.hit.peer} is too large to come as one folder, or its"
                f" list cannot be kept there, as the log of {self.hit.peer} says: get what is in"
                f" it, such as {self.hit.name}/NAME"
            )
        if not self.hit.unshared:
            return f"{self.hit.name} at {self.hit.peer} is an empty folder"
        return (
            f"{self.hit.peer} shares nothing of {self.hit.name}: in it is only what is never"
            " shared, such as hidden files, links and names that not every system can store;"
            f" the status of {self.hit.peer} tells why"
        )


def meant_by(text: str, found: Found, holder: PeerName | None) -> Hits:
    """
    Keep the hits that answer best to a name as typed.

    :raises NotFound: when none does.
    """
    found = attrs.evolve(found, hits=best(found.hits, text))
    check_found(found, text, holder)
    return found.hits


def best(hits: Iterable[Hit], text: str) -> Hits:
    """
    Keep the hits that answer best to a name as typed; none that does not answer at all.

    With a ``/`` at its end, as lists show it, it is a folder's.
    """
    name = without_slash(text)
    places = ((rank(hit.name, name), hit) for hit in hits if _may_be(hit, name, text))
    ranked = [(place, hit) for place, hit in places if place is not None]
    least = min((place for place, _ in ranked), default=None)
    return tuple(hit for place, hit in ranked if place == least)


def _may_be(hit: Hit, name: str, typed: str) -> bool:
    return name == typed or hit.kind == "folder"


def by_content(hits: Iterable[Hit]) -> list[Hits]:
    """Divide the hits that can be fetched into files and folders, each with its holders."""
    return _divided(hits, lambda hit: (hit.kind, hit.file))


def _divided(hits: Iterable[Hit], key: Callable[[Hit], Hashable]) -> list[Hits]:
    things: dict[Hashable, list[Hit]] = {}
    for hit in hits:
        if hit.file is not None:
            things.setdefault(key(hit), []).append(hit)
    return [tuple(holders) for holders in things.values()]


def is_same_name(name: str, other: str) -> bool:
    """Return whether the same content would be saved only once under both names."""
    return _target(name) == _target(other)


def _target(name: str) -> str:
    return collision_key(last_component(name))


def _content_and_name(hit: Hit) -> Hashable:
    """Tell apart what is to be saved: a content, under a name."""
    return hit.kind, hit.file, _target(hit.name)


def one_of(things: Sequence[Hits], older: str = "") -> Hits:
    """
    Return the only thing that there is.

    :param older: what to say of others of that name that are here.
    :raises Ambiguous: when there are several.
    """
    if len(things) == 1:
        return things[0]
    names = {collision_key(last_component(hits[0].name)) for hits in things}
    why = "several names begin so" if len(names) > 1 else "different files have that name"
    raise Ambiguous(tuple(chain.from_iterable(things)), why + older)


def check_one_id(hits: Hits) -> None:
    """
    Check that what was found by a short id is one content.

    :raises Ambiguous: when it is several.
    """
    if len({hit.file for hit in hits}) > 1:
        raise Ambiguous(hits, "several ids begin so")


def check_hashed(hits: Iterable[Hit]) -> None:
    """
    Check that every hit can be fetched.

    :raises StillHashing: when not.
    """
    if left := unhashed(hits):
        raise StillHashing(left)


def unhashed(hits: Iterable[Hit]) -> Hits:
    """Keep the hits for what holders are still hashing."""
    return tuple(hit for hit in hits if hit.file is None and not is_bare(hit))


def check_shared(hits: Hits) -> None:
    """
    Check that there is more than folders of which nothing is shared.

    :raises NothingShared: when not.
    """
    if all(map(is_bare, hits)):
        raise NothingShared(hits[0])


def check_is_file(hits: Hits) -> None:
    """
    Check that one thing is a file.

    :raises IsFolder: when it is a folder.
    """
    if hits[0].kind == "folder":
        raise IsFolder(f"{hits[0].name} is a folder: name a file in it")


def is_bare(hit: Hit) -> bool:
    """Return whether it is a folder of which nothing is shared."""
    return hit.file is None and hit.hashed == _ALL_HASHED


def beginning_with(text: str) -> str:
    """Return the pattern for all names that begin with a text."""
    return f"{escape(text)}*"


def completions(hits: Iterable[Hit], text: str) -> Hits:
    """Keep the hits whose names are a text and an ending, such as ``huge.bin`` for ``huge``."""
    begins = f"{collision_key(unicodedata.normalize('NFC', text))}."

    def is_one(hit: Hit) -> bool:
        path = collision_key(hit.name)
        return any(name.startswith(begins) for name in (path, last_component(path)))

    return tuple(filter(is_one, hits))


def check_found(found: Found, what: str, holder: PeerName | None) -> None:
    """
    Check that there is a hit.

    :raises NotFound: when there is none; it says who was asked.
    """
    if found.hits:
        return
    if not found.asked:
        raise NotFound(f"no peer has {what}: {found.alone or 'no other peer was asked'}")
    silent = f"; no answer from {', '.join(found.silent)}" if found.silent else ""
    cut = "; some had no time to look for it: ask again" if found.is_cut else ""
    raise NotFound(
        f"{holder or 'no peer'} has {'no ' if holder else ''}{what}"
        f" (asked {found.answered} of {found.asked}, {found.seconds:.2f} s{silent}{cut})"
    )


def like(pattern: str, found: Found) -> list[Hits]:
    """
    Divide the hits for a pattern into files and folders of one name each, with their holders.

    :raises NotFound: when there are none, nor will be any.
    """
    hits = topmost(found.hits)
    things = _divided(hits, _content_and_name)
    if not things and not unhashed(hits):
        raise NotFound(f"nothing is like {pattern} (asked {found.answered} of {found.asked})")
    return things


@attrs.frozen
class Meaning:
    """
    What one word or pattern means.

    :ivar error: why there is nothing, or not everything, to fetch for it.
    :ivar is_later: whether something is still being hashed by its holder.
    """

    things: Sequence[Hits] = ()
    error: PeerError | None = None
    is_later: bool = False


def put_together(words: Sequence[str], meanings: Iterable[Meaning]) -> Selection:
    """
    Make one selection of what was found for each word.

    A content that has several names is several things; the same thing twice is one.
    """
    things: dict[Hashable, Hits] = {}
    here: list[tuple[str, AlreadyHere]] = []
    failed: list[tuple[str, PeerError]] = []
    for word, meaning in zip(words, meanings, strict=True):
        if isinstance(meaning.error, AlreadyHere):
            here.append((word, meaning.error))
        elif meaning.error is not None:
            failed.append((word, meaning.error))
        things |= {_content_and_name(hits[0]): hits for hits in meaning.things if hits[0].file}
    sizes = _sizes(chain.from_iterable(things.values()))
    kept: list[Hits] = []
    for hits in things.values():
        if right := tuple(hit for hit in hits if hit.size == sizes[hit.file]):
            kept.append(right)
        else:
            failed.append((hits[0].name, _other_size(hits[0])))
    return Selection(tuple(words), tuple(kept), tuple(here), tuple(failed))


def beyond(selection: Selection, other: Selection) -> Selection:
    """Leave out what another selection has, too."""
    had = {_content_and_name(hits[0]) for hits in other.things}
    left = tuple(hits for hits in selection.things if _content_and_name(hits[0]) not in had)
    return attrs.evolve(selection, things=left)


def _sizes(hits: Iterable[Hit]) -> dict[FileId | None, int]:
    """Return the size of each content, as most say: it has only one."""
    said: dict[FileId | None, Counter[int]] = {}
    for hit in hits:
        said.setdefault(hit.file, Counter())[hit.size] += 1
    return {file_id: counts.most_common(1)[0][0] for file_id, counts in said.items()}


def _other_size(hit: Hit) -> PeerError:
    return PeerError(f"{hit.peer} gives it another size than others do: get it alone")


def topmost(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out hits below a folder that is itself among the hits."""
    by_name = sorted(hits, key=lambda hit: (hit.peer, hit.name))
    folders = {(hit.peer, hit.name) for hit in by_name if hit.kind == "folder"}

    def is_inside(hit: Hit) -> bool:
        parts = hit.name.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any((hit.peer, folder) in folders for folder in above)

    return [hit for hit in by_name if not is_inside(hit)]
