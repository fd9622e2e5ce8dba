"""Index a library in memory, so that searches are answered at once."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from p2p_twisted.library.entries import Shared
from p2p_twisted.library.folders import Change, Folder, FolderIds, SharedFile, folders_above
from p2p_twisted.library.index import Index
from p2p_twisted.library.left_out import LeftOut
from p2p_twisted.library.matching import SUFFIX, MatchKey, key, last_component, matcher
from p2p_twisted.library.ordered_names import OrderedNames, below
from p2p_twisted.wire.limits import FILE_BYTES
from p2p_twisted.wire.manifest import EMPTY_FOLDER, Member
from p2p_twisted.wire.names import FileId


class Catalog:
    """
    Holds every file of a library, and every folder with at least one file below it.

    A thread may read it as long as it is not changed meanwhile.

    :ivar unsealed: folders whose files are all hashed, but which have no id yet.
    :ivar left_out: what is not shared.
    :ivar ignored: what of this ignore files name.
    """

    def __init__(self) -> None:
        self.unsealed: set[str] = set()
        self.left_out = LeftOut()
        self.ignored = LeftOut()
        self._entries: dict[str, SharedFile] = {}
        self._folders: dict[str, Folder] = {"": Folder()}
        self._by_id = Index()
        # Folders, by the ids of the lists of what is kept of their files beside their content.
        self._by_attributes = Index()
        # By case-folded last component.
        self._by_base = Index()
        self._keys: dict[str, MatchKey] = {}
        self._order: OrderedNames | None = None
        # Empty folders, sorted.
        self._empty: list[str] = []

    # What changes it

    def put(self, files: Iterable[SharedFile]) -> None:
        """Add or replace files; what is above them is counted once for all in a folder."""
        changes: dict[str, Change] = {}
        for file in files:
            name = file.on_disk.name
            old = self._entries.get(name)
            above = name.rpartition("/")[0]
            change = changes.get(above)
            if change is None:
                change = changes[above] = Change()
                self._make_folder(above)
            if old is None:
                self._enter(name, above)
            elif old.content is not None:
                self._by_id.remove(old.content.file_id, name)
            self._entries[name] = file
            if file.content is not None:
                self._by_id.add(file.content.file_id, name)
            change.replace(old, file)
        for above, change in changes.items():
            self._recount(above, change)

    def drop(self, name: str) -> None:
        """Remove a file, and each folder that it was the last file of."""
        old = self._entries.pop(name, None)
        if old is None:
            return
        if old.content is not None:
            self._by_id.remove(old.content.file_id, name)
        self._leave(name)
        change = Change()
        change.replace(old, None)
        self._recount(name.rpartition("/")[0], change)

    def set_empty(self, name: str, is_empty: bool) -> None:
        """Add or remove an empty folder."""
        position = bisect_left(self._empty, name)
        if is_empty == self.is_empty(name):
            return
        if is_empty:
            self._empty.insert(position, name)
        else:
            del self._empty[position]
        for above in folders_above(name):
            if above in self._folders:
                self._unseal(above)

    def seal(self, name: str, ids: FolderIds | None) -> None:
        """Set the ids of a folder's lists; ``None`` marks it as too large to share."""
        folder = self._folders[name]
        folder.ids = ids
        folder.is_too_large = ids is None
        self.unsealed.discard(name)
        if ids is not None:
            self._by_id.add(ids.manifest, name)
            self._by_attributes.add(ids.attributes, name)

    # What searches ask

    def named(self, text: str, limit: int) -> tuple[Shared, ...]:
        """Find what is called ``text``, with or without ``.txt`` appended; the best match first."""
        typed = unicodedata.normalize("NFC", text)
        return self._shared(_once(self._named(typed)), limit) or self._bare(typed)

    def with_id(self, file_id: FileId, limit: int) -> tuple[Shared, ...]:
        """Find files and folders with that content."""
        return self._shared(self.names_with(file_id), limit)

    def beginning(self, id_part: str) -> Iterator[Shared | None]:
        """Yield what has an id that begins so, and ``None`` after each few that were looked at."""
        for name in self._by_id.beginning(id_part):
            yield self._describe(name) if name is not None and name in self._keys else None

    def all(self, limit: int) -> tuple[Shared, ...]:
        """List files and folders by name."""
        return tuple(islice(filter(None, self.browse()), limit))

    def browse(self, text: str | None = None) -> Iterator[Shared | None]:
        """
        Yield files and folders by name: all, or those whose names contain or match ``text``.

        The catalog may be changed meanwhile.

        :returns: ``None`` after each few names that were looked at, so that the caller can pause.
        """
        order = self._ordered()
        for name in order.each() if text is None else order.matching(matcher(text)):
            yield self._describe(name) if name is not None and name in self._keys else None

    # What the library asks

    @property
    def root(self) -> Folder:
        """The totals of the whole library."""
        return self._folders[""]

    def entry(self, name: str) -> SharedFile | None:
        """Return a file; ``None`` if there is none of that name."""
        return self._entries.get(name)

    def is_folder(self, name: str) -> bool:
        """Return whether there is a folder of that name with files below it."""
        return name in self._folders

    def children(self, name: str) -> frozenset[str]:
        """Return the names of the files and folders directly in a folder."""
        return frozenset(self._folders[name].children if name in self._folders else ())

    def files_below(self, name: str) -> list[str]:
        """Return the names of the files at any depth below a folder, sorted."""
        return [each for each in below(self._ordered().names, name) if each in self._entries]

    def is_empty(self, name: str) -> bool:
        """Return whether there is an empty folder of that name."""
        position = bisect_left(self._empty, name)
        return self._empty[position : position + 1] == [name]

    def empty_below(self, name: str) -> Sequence[str]:
        """Return the names of the empty folders below a folder, sorted."""
        return below(self._empty, name)

    def members(self, folder: str) -> Iterator[Member]:
        """Yield what the manifest of a folder lists whose files have all been hashed."""
        for name in self.files_below(folder):
            entry = self._entries[name]
            if entry.content is not None:
                on_disk, path = entry.on_disk, name[len(folder) + 1 :]
                size = on_disk.signature.size
                yield Member(entry.content.file_id, size, path, on_disk.attributes)
        for name in self.empty_below(folder):
            yield Member(EMPTY_FOLDER, 0, name[len(folder) + 1 :])

    def names_with(self, file_id: FileId) -> Sequence[str]:
        """Return the names of the files and folders with that content, sorted."""
        return self._by_id.in_order(file_id)

    def shares(self, file_id: FileId) -> bool:
        """Return whether a file has that id, or a list of a folder."""
        return bool(self._by_attributes[file_id] or self._by_id[file_id])

    # How it works

    def _named(self, typed: str) -> Iterator[str]:
        """
        Yield names in the order of :func:`rank`, some of them twice.

        Very many files may be called the same: so none is ranked before it is wanted.
        """
        for wanted in (typed, typed + SUFFIX):
            if wanted in self._keys:
                yield wanted
            for name in self._by_base.in_order(key(wanted).base):
                if last_component(name) == wanted:
                    yield name
        for wanted in (key(typed).path, key(typed + SUFFIX).path):
            alike = self._by_base.in_order(last_component(wanted))
            yield from (name for name in alike if self._keys[name].path == wanted)
            yield from (name for name in alike if self._keys[name].base == wanted)

    def _shared(self, names: Iterable[str], limit: int) -> tuple[Shared, ...]:
        return tuple(islice(filter(None, map(self._describe, names)), limit))

    def _bare(self, name: str) -> tuple[Shared, ...]:
        """Describe a folder that is not shared as a whole: bare, or too large, with a size then."""
        folder = self._folders.get(name)
        if not name or not (folder or self.is_empty(name) or self.empty_below(name)):
            return ()
        size = min(max(1, folder.size), FILE_BYTES) if folder else 0
        return (Shared(name, "folder", size, None, 100, self.left_out.below(name)),)

    def _describe(self, name: str) -> Shared | None:
        entry = self._entries.get(name)
        if entry is not None:
            return Shared(
                name,
                "file",
                size=entry.on_disk.signature.size,
                file_id=entry.content.file_id if entry.content is not None else None,
                hashed=entry.percent,
                is_growing=entry.is_growing,
                attributes=entry.on_disk.attributes,
            )
        folder = self._folders[name]
        if folder.is_too_large or folder.size > FILE_BYTES:
            return None
        ids = folder.ids
        return Shared(
            name,
            "folder",
            size=folder.size,
            file_id=None if ids is None else ids.manifest,
            hashed=folder.percent,
            left_out=self.left_out.below(name),
            is_growing=ids is None and folder.growing > 0,
            attributes_id=None if ids is None else ids.attributes,
        )

    def _ordered(self) -> OrderedNames:
        order = self._order
        if order is None:
            # Names come nearly sorted, from a walk through folders, which makes this quick.
            order = self._order = OrderedNames(sorted(self._keys), self._keys)
        return order

    def _make_folder(self, name: str) -> None:
        """Add a folder, and those above it, unless it is there."""
        if name not in self._folders:
            self._make_folder(above := name.rpartition("/")[0])
            self._folders[name] = Folder()
            self._enter(name, above)

    def _recount(self, name: str, change: Change) -> None:
        """Count a change of files in a folder, there and above; what has none left is removed."""
        for above in (name, *folders_above(name)):
            folder = self._folders[above]
            folder.count(change)
            self._unseal(above)
            if above and not folder.files:
                del self._folders[above]
                self._leave(above)

    def _unseal(self, name: str) -> None:
        """Drop a folder's id, as its files have changed."""
        folder = self._folders[name]
        if folder.ids is not None:
            self._by_id.remove(folder.ids.manifest, name)
            self._by_attributes.remove(folder.ids.attributes, name)
        folder.ids, folder.is_too_large = None, False
        if name and folder.files and not folder.unhashed:
            self.unsealed.add(name)
        else:
            self.unsealed.discard(name)

    def _enter(self, name: str, above: str) -> None:
        """Have a file or folder found by its name; the folder above, which it is in, is there."""
        entered = self._keys[name] = key(name)
        self._by_base.add(entered.base, name)
        self._folders[above].children.add(name)
        self._order = None

    def _leave(self, name: str) -> None:
        self._by_base.remove(self._keys.pop(name).base, name)
        self._folders[name.rpartition("/")[0]].children.discard(name)
        self._order = None


def _once(names: Iterable[str]) -> Iterator[str]:
    """Yield each name where it comes first."""
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            yield name
        seen.add(name)
