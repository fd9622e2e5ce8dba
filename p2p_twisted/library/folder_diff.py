"""Compare folders on the disk with the catalog."""

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from attrs import Factory, define

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import OnDisk, Place, Visit
from p2p_twisted.library.ignoring import Ignoring, RulesUnreadable
from p2p_twisted.library.listing import Identity, Listing, list_folder
from p2p_twisted.runtime.openat import NOT_THERE
from p2p_twisted.runtime.os_errors import reason_of
from p2p_twisted.wire.names import collision_key

_GONE: Final = (*NOT_THERE, errno.EACCES, errno.EPERM)
_FOUND_AT_ONCE: Final = 1_000


@define
class FolderDiff:
    """
    How some folders differ from the catalog.

    :ivar found: files that are new or have changed.
    :ivar gone: files that are not there any more.
    :ivar next: folders to scan next.
    :ivar empty: folders that have become empty.
    :ivar not_empty: folders that were empty, and no longer are or are gone.
    :ivar unshared: by folder, what cannot be shared, and why.
    :ivar left_out: by folder, how many entries directly in it are not shared.
    :ivar ignored: by folder, how many of these an ignore file names.
    """

    found: list[OnDisk] = Factory(list)
    gone: list[str] = Factory(list)
    next: list[Visit] = Factory(list)
    empty: list[str] = Factory(list)
    not_empty: list[str] = Factory(list)
    unshared: dict[str, dict[str, str]] = Factory(dict)
    left_out: dict[str, int] = Factory(dict)
    ignored: dict[str, int] = Factory(dict)


def compare_folders(
    root: Path,
    visits: Iterable[Visit],
    catalog: Catalog,
    excluded: frozenset[Identity],
    is_canceled: Callable[[], bool],
    *,
    reserved: frozenset[str] = frozenset(),
) -> FolderDiff:
    """
    Scan folders.

    :param visits: once a thousand files are new, the rest of these is to be scanned next.
    :param excluded: folders that are not scanned, and files that are passed over.
    :param reserved: keys of names that other directories are shared under.
    :raises ScanCanceled: once ``is_canceled`` returns true.
    """
    result = FolderDiff()
    ignoring = Ignoring(root)
    for visit in visits:
        if len(result.found) >= _FOUND_AT_ONCE:
            result.next.append(visit)
            continue
        place = visit.place
        try:
            listing = list_folder(root, place, excluded, is_canceled, ignoring)
        except OSError as error:
            _could_not_read(result, catalog, place, error)
        else:
            if not place.path:
                _withhold(listing, reserved)
                if place.name and listing.is_empty:
                    listing.unshared[place.name] = "it is empty: is the disk there?"
            _compare(result, catalog, visit, listing)
    return result


def _withhold(listing: Listing, reserved: frozenset[str]) -> None:
    """Share nothing under a name that another directory is shared under."""
    for entries in (listing.files, listing.folders):
        for name in [each for each in entries if collision_key(each) in reserved]:
            del entries[name]
            listing.unshared[name] = "another folder is shared under that name, by --share"


def _compare(result: FolderDiff, catalog: Catalog, visit: Visit, listing: Listing) -> None:
    result.unshared[visit.place.name] = listing.unshared
    result.left_out[visit.place.name] = listing.left_out
    result.ignored[visit.place.name] = listing.ignored
    known = catalog.children(visit.place.name)
    for name, on_disk in listing.files.items():
        if name not in known or (entry := catalog.entry(name)) is None or entry.on_disk != on_disk:
            result.found.append(on_disk)
    for name, place in listing.folders.items():
        if visit.is_deep or not catalog.is_folder(name):
            result.next.append(Visit(place, True))
    _compare_bare(result, catalog, visit.place, listing)
    for child in known:
        if catalog.entry(child) is not None:
            if child not in listing.files:
                result.gone.append(child)
        elif child not in listing.folders:
            result.gone += catalog.files_below(child)


def _compare_bare(result: FolderDiff, catalog: Catalog, place: Place, listing: Listing) -> None:
    """Find which folders directly in this one became empty, or are empty no longer."""
    known = catalog.empty_below(place.name)
    if place.name and listing.is_empty:
        result.not_empty += known
        result.empty += [] if catalog.is_empty(place.name) else [place.name]
        return
    result.not_empty += [place.name] if catalog.is_empty(place.name) else []
    start = len(place.name) + 1 if place.name else 0
    for name in known:
        child = name[:start] + name[start:].partition("/")[0]
        if child not in listing.folders:
            result.not_empty.append(name)


def _could_not_read(result: FolderDiff, catalog: Catalog, place: Place, error: OSError) -> None:
    if error.errno in _GONE:
        result.gone += catalog.files_below(place.name)
        result.not_empty += catalog.empty_below(place.name)
        result.not_empty += [place.name] if catalog.is_empty(place.name) else []
    # After other errors, what was there before is taken to be there still.
    # What is there instead is told of where the folder above is listed.
    if error.errno not in NOT_THERE or not place.path:
        shown = place.name or os.curdir
        why = error.strerror if isinstance(error, RulesUnreadable) else reason_of(error)
        result.unshared[place.name] = {shown: f"it cannot be read: {why}"}
        result.left_out[place.name] = 1
        result.ignored[place.name] = 0
