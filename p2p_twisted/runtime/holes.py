"""
Find the holes of sparse files, and what could be one.

A hole is a part of a file that reads as zeros and takes no space on the disk.
"""

import errno
import os
import re
from collections.abc import Iterator
from typing import Final

_PAGE_BYTES: Final = 4_096
_ZERO_PAGE: Final = bytes(_PAGE_BYTES)
_FEWEST_PAGES: Final = 4
HOLE_BYTES: Final = _FEWEST_PAGES * _PAGE_BYTES
"""So many zeros at least are worth a hole."""

# Looked for in the first bytes of all pages: hardly any data has as many zeros there.
_MAYBE_ZERO: Final = re.compile(rb"\0{%d,}" % _FEWEST_PAGES)
# Not every system has it.
_SEEK_DATA: Final = getattr(os, "SEEK_DATA", None)


def has_data(fd: int, offset: int, length: int) -> bool:
    """
    Return whether anything is stored of some bytes of an open file; otherwise they are zeros.

    Also where the file system cannot tell. What is behind the end is not stored.
    """
    if _SEEK_DATA is None:
        return True
    try:
        return os.lseek(fd, offset, _SEEK_DATA) < offset + length
    except OSError as error:
        return error.errno != errno.ENXIO


def data_runs(content: memoryview) -> Iterator[tuple[int, int]]:
    """
    Leave out of some bytes what is worth a hole: 16 KiB of zeros or more, in whole pages.

    :param content: goes to where a page begins.
    :returns: where each run of what is left begins and ends.
    """
    start = 0
    # Two microseconds per MiB, where there is nothing to leave out.
    for match in _MAYBE_ZERO.finditer(content[::_PAGE_BYTES].tobytes()):
        for first, end in _zero_runs(content, *match.span()):
            if start < first:
                yield start, first
            start = end
    if start < len(content):
        yield start, len(content)


def _zero_runs(content: memoryview, page: int, end: int) -> Iterator[tuple[int, int]]:
    """Find the runs of at least four pages of zeros among some pages."""
    first = page
    while page <= end:
        if page == end or not _is_zero(content[page * _PAGE_BYTES : (page + 1) * _PAGE_BYTES]):
            if page - first >= _FEWEST_PAGES:
                yield first * _PAGE_BYTES, min(page * _PAGE_BYTES, len(content))
            first = page + 1
        page += 1


def _is_zero(page: memoryview) -> bool:
    return page.tobytes() == _ZERO_PAGE[: len(page)]
