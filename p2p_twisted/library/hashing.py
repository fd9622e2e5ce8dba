"""Hash files in pieces, so that hashing a large one can be interrupted."""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import Factory, define, frozen

from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime import openat
from p2p_twisted.runtime.holes import has_data
from p2p_twisted.wire.chunks import (
    DIGEST_BYTES,
    chunk_count,
    chunk_digest,
    chunk_length,
    id_from_digests,
    zero_digest,
)
from p2p_twisted.wire.limits import CHUNK_BYTES


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
    def percent(self) -> int:
        """How much has been hashed, in percent; never 100, as the file has no id yet."""
        return min(99, self.hashed_chunks * 100 // (self.hashed_chunks + self.chunks_left or 1))


@frozen
class Hashed:
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
    """The file cannot be read, or is gone; ``reason`` is for people."""

    on_disk: OnDisk
    reason: str


Outcome = Hashed | Begun | Altered | Unreadable


def hash_some(
    root: Path, jobs: Iterable[Job], chunks: int, is_canceled: Callable[[], bool]
) -> list[Outcome]:
    """
    Hash files, one after the other.

    :param chunks: how many to hash at most; files beyond them are returned as begun.
    :param is_canceled: is called before each chunk.
    :returns: an outcome per job.
    """
    # Page-aligned memory: the kernel copies into it several times faster.
    with mmap.mmap(-1, CHUNK_BYTES) as block:
        return list(_hash_each(root, jobs, chunks, is_canceled, block))


def _hash_each(
    root: Path, jobs: Iterable[Job], chunks: int, is_canceled: Callable[[], bool], block: mmap.mmap
) -> Iterator[Outcome]:
    for job in jobs:
        wanted = min(chunks, job.chunks_left)
        chunks -= wanted
        try:
            yield _advance(root, job, wanted, is_canceled, block)
        except OSError as error:
            yield Unreadable(job.on_disk, error.strerror or str(error))


def _advance(
    root: Path, job: Job, chunks: int, is_canceled: Callable[[], bool], block: mmap.mmap
) -> Outcome:
    """
    Hash some chunks of a file.

    :raises OSError: when it cannot be read.
    """
    on_disk = job.on_disk
    fd = openat.open_file(root, on_disk.path)
    try:
        now = Signature.of(os.fstat(fd))
        if on_disk.signature.may_differ(now):
            return Altered(on_disk, now)
        for _ in range(chunks):
            if is_canceled():
                return Begun(job)
            index = job.hashed_chunks
            length = chunk_length(on_disk.signature.size, index)
            if not has_data(fd, index * CHUNK_BYTES, length):
                job.digests += zero_digest(length)
                continue
            if not _fill(fd, index * CHUNK_BYTES, length, block):
                break
            with memoryview(block) as view, view[:length] as chunk:
                job.digests += chunk_digest(chunk)
        now = Signature.of(os.fstat(fd))
    finally:
        os.close(fd)
    if on_disk.signature.may_differ(now):
        return Altered(on_disk, now)
    if job.chunks_left:
        return Begun(job)
    digests = bytes(job.digests)
    return Hashed(on_disk, HashedFile(id_from_digests(now.size, digests), digests))


def _fill(fd: int, offset: int, length: int, block: mmap.mmap) -> bool:
    """Read a chunk to the start of the block; return whether the file had so many bytes."""
    done = 0
    with memoryview(block) as view:
        while done < length:
            with view[done:length] as rest:
                read = os.preadv(fd, [rest], offset + done)
            if not read:
                return False
            done += read
    return True
