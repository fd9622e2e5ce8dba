"""Hash files in pieces, so that hashing a large one can be interrupted."""

import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import chain, repeat, takewhile
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
from attrs import Factory, define, frozen

from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime import openat
from p2p_twisted.runtime.last_folder import LastFolder
from p2p_twisted.runtime.os_errors import reason_of
from p2p_twisted.runtime.parallel_map import ParallelMap, ProcessMap, in_turn
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count, chunk_digest, id_from_digests
from p2p_twisted.wire.chunks_on_disk import digest_on_disk
from p2p_twisted.wire.limits import CHUNK_BYTES, KIB

_LARGE_CHUNKS: Final = 16
# Of smaller ones, threads would mostly wait for each other: Python runs one at a time.
_SMALL_BYTES: Final = 512 * KIB
# A disk that has to look for each file must not keep a scan from finding the others.
_FOUND_SECONDS: Final = 0.1
# Enough that it does not matter what it takes to have another process hash them.
_PIECE: Final = 64


def is_tiny(on_disk: OnDisk) -> bool:
    """Return whether hashing a file takes less time than all else that is done for it."""
    return on_disk.signature.size < _SMALL_BYTES


@define
class Job:
    """A file to hash, and the digests of the chunks hashed so far."""

    on_disk: OnDisk
    digests: bytearray = Factory(bytearray)

    @property
    def hashed_chunks(self) -> int:
        """How many chunks have been hashed."""
        return len(self.digests) // DIGEST_BYTES

    @property
    def chunks_left(self) -> int:
        """How many chunks remain to be hashed."""
        return chunk_count(self.on_disk.signature.size) - self.hashed_chunks

    @property
    def is_tiny(self) -> bool:
        """Whether hashing takes less time than all else that is done for the file."""
        return is_tiny(self.on_disk)

    @property
    def work(self) -> float:
        """How much remains to be done, in chunks."""
        size = self.on_disk.signature.size
        return size / CHUNK_BYTES if size < _SMALL_BYTES else self.chunks_left

    @property
    def percent(self) -> int:
        """How much has been hashed, in percent; never 100, as the file has no id yet."""
        return min(99, self.hashed_chunks * 100 // (self.hashed_chunks + self.chunks_left or 1))


class Hashed(msgspec.Struct, frozen=True, gc=False):
    """The whole file was hashed, and did not change meanwhile."""

    on_disk: OnDisk
    content: HashedFile


@frozen
class Begun:
    """Some chunks of the file remain to be hashed."""

    job: Job


@frozen
class Altered:
    """The file has changed since it was found."""

    on_disk: OnDisk
    signature: Signature


@frozen
class Unreadable:
    """The file cannot be read; ``reason`` is for people, and ``None`` where it is gone."""

    on_disk: OnDisk
    reason: str | None


Outcome = Hashed | Begun | Altered | Unreadable


def hash_some(
    root: Path,
    jobs: Iterable[Job],
    chunks: int,
    is_canceled: Callable[[], bool],
    *,
    parallel_map: ParallelMap = in_turn,
    process_map: ParallelMap = in_turn,
) -> list[Outcome]:
    """
    Hash files: several at the same time, and of large ones several chunks.

    :param jobs: tiny ones are all hashed, best when those of one folder come together.
    :param chunks: how many of others to hash at most; files beyond them are returned as begun.
    :param is_canceled: is called before each chunk.
    :returns: an outcome per job, in any order.
    """
    tiny: list[Job] = []
    small: list[tuple[Job, int]] = []
    large: list[tuple[Job, int]] = []
    for job in jobs:
        if job.is_tiny:
            tiny.append(job)
            continue
        share = min(chunks, job.chunks_left)
        chunks -= share
        if share >= _LARGE_CHUNKS:
            large.append((job, share))
        else:
            small.append((job, share))
    advance = partial(_advance, root, is_canceled)
    in_one_thread = partial(advance, in_turn)
    [outcomes] = parallel_map(partial(_hash_tiny, root, is_canceled, process_map), [tiny])
    return [
        *outcomes,
        *parallel_map(in_one_thread, small),
        *(advance(parallel_map, each) for each in large),
    ]


def hash_found(
    root: Path,
    files: Sequence[OnDisk],
    is_canceled: Callable[[], bool],
    process_map: ProcessMap = in_turn,
) -> Callable[[], list[HashedFile | None]]:
    """
    Have tiny files hashed that a scan has just found, for as long as a scan may take for that.

    :param files: best when those of one folder come together.
    :returns: does the rest, and must be called. It returns the hashes of each file, or of the
        first ones; ``None`` where there was no time left, or one has changed since, or cannot be
        read: what becomes of it is for :func:`hash_some` to say.
    """
    hash_piece = partial(_hash_piece, root, monotonic() + _FOUND_SECONDS)
    finish = process_map.begin(hash_piece, _pieces(files, is_canceled))
    return lambda: list(chain.from_iterable(finish()))


def _hash_tiny(
    root: Path, is_canceled: Callable[[], bool], process_map: ParallelMap, jobs: Sequence[Job]
) -> list[Outcome]:
    pieces = _pieces([job.on_disk for job in jobs], is_canceled)
    contents = process_map(partial(_hash_piece, root, math.inf), pieces)
    known = chain(chain.from_iterable(contents), repeat(None))
    with closing(LastFolder(root)) as folder:
        return [
            Hashed(job.on_disk, content) if content else _hash_job(folder, is_canceled, job)
            for job, content in zip(jobs, known, strict=False)
        ]


def _pieces(files: Sequence[OnDisk], is_canceled: Callable[[], bool]) -> Iterator[Sequence[OnDisk]]:
    pieces = (files[start : start + _PIECE] for start in range(0, len(files), _PIECE))
    return takewhile(lambda _piece: not is_canceled(), pieces)


def _hash_piece(root: Path, until: float, files: Sequence[OnDisk]) -> list[HashedFile | None]:
    """
    Hash tiny files: see :func:`hash_found`. It may be called in another process.

    :param until: by the monotonic clock, which is the same there.
    """
    contents: list[HashedFile | None] = []
    with closing(LastFolder(root)) as folder:
        for on_disk in files:
            content = None
            if monotonic() < until:
                with suppress(OSError):
                    content = _hash_whole(folder, on_disk)
            contents.append(content if isinstance(content, HashedFile) else None)
    return contents


def _hash_job(folder: LastFolder, is_canceled: Callable[[], bool], job: Job) -> Outcome:
    if is_canceled():
        return Begun(job)
    on_disk = job.on_disk
    try:
        content = _hash_whole(folder, on_disk)
    except OSError as error:
        return _unreadable(on_disk, error)
    if isinstance(content, Signature):
        return Altered(on_disk, content)
    return Hashed(on_disk, content)


def _hash_whole(folder: LastFolder, on_disk: OnDisk) -> HashedFile | Signature:
    """
    Hash a tiny file, in one go: there may be very many, and each step counts.

    :returns: what it is like now, if it has changed since it was found.
    :raises OSError: when it cannot be read.
    """
    known = on_disk.signature
    # To look at it before, too, takes as long as to read it in vain.
    fd = folder.open_file(on_disk.path)
    try:
        content = os.pread(fd, known.size, 0)
        # One call may read fewer.
        while (rest := known.size - len(content)) and (more := os.pread(fd, rest, len(content))):
            content += more
        status = os.fstat(fd)
    finally:
        os.close(fd)
    if not known.is_of(status):
        if not stat.S_ISREG(status.st_mode):
            raise openat.NotAFile("not a regular file")
        if known.may_differ(now := Signature.of(status)):
            return now
    if len(content) < known.size:
        return Signature.of(status)
    digests = chunk_digest(content) if content else b""
    return HashedFile(id_from_digests(known.size, digests), digests)


def _advance(
    root: Path,
    is_canceled: Callable[[], bool],
    parallel_map: ParallelMap,
    share: tuple[Job, int],
) -> Outcome:
    """Hash some chunks of a file."""
    job, chunks = share
    try:
        return _read(
            openat.open_file(root, job.on_disk.path), job, chunks, is_canceled, parallel_map
        )
    except OSError as error:
        return _unreadable(job.on_disk, error)


def _unreadable(on_disk: OnDisk, error: OSError) -> Unreadable:
    is_gone = error.errno in openat.NOT_THERE
    return Unreadable(on_disk, None if is_gone else reason_of(error))


def _read(
    fd: int, job: Job, chunks: int, is_canceled: Callable[[], bool], parallel_map: ParallelMap
) -> Outcome:
    """
    Do so, and close it.

    :raises OSError: when it cannot be read.
    """
    on_disk = job.on_disk
    size = on_disk.signature.size

    def digest(index: int) -> bytes:
        return b"" if is_canceled() else digest_on_disk(fd, size, index)

    try:
        if on_disk.signature.may_differ(now := Signature.of(os.fstat(fd))):
            return Altered(on_disk, now)
        first = job.hashed_chunks
        digests = parallel_map(digest, range(first, first + chunks))
        job.digests += b"".join(takewhile(bool, digests))
        now = Signature.of(os.fstat(fd))
    finally:
        os.close(fd)
    if on_disk.signature.may_differ(now):
        return Altered(on_disk, now)
    if job.chunks_left:
        return Begun(job)
    whole = bytes(job.digests)
    return Hashed(on_disk, HashedFile(id_from_digests(size, whole), whole))
