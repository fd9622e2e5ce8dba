"""Read and write rates, and refuse those that other peers would not put up with."""

import re
from typing import Final

import attrs

from p2p_twisted.bandwidth import limits
from p2p_twisted.wire import limits as wire_limits

_RATE: Final = re.compile(
    r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)(?P<unit>[KMG]?)", re.IGNORECASE
)
_UNITS: Final = {"": 1, "K": wire_limits.KIB, "M": wire_limits.MIB, "G": 1024 * wire_limits.MIB}
_NO_LIMIT: Final = ("unlimited", "off")


class BadRate(ValueError):
    """A text is not a rate, or a rate is too slow to work; the message says why."""


@attrs.frozen
class Rates:
    """
    The most that a peer sends and receives, in bytes per second; ``None`` for no limit.

    Only the content of files is counted.
    """

    up: int | None = None
    down: int | None = None


@attrs.frozen
class Slots:
    """How many files a peer sends and receives at a time."""

    up: int = limits.PUSHES_AT_ONCE
    down: int = limits.DOWNLOADS_AT_ONCE

    def check(self, rates: Rates) -> None:
        """
        Check that the rates give every transfer enough.

        :raises BadRate: when other peers would give our transfers up for dead.
        """
        _check("up", rates.up, self.up, limits.SLOWEST_UPLOAD_BYTES_PER_SECOND)
        _check("down", rates.down, self.down, limits.SLOWEST_DOWNLOAD_BYTES_PER_SECOND)

    def of_readers(self, rate: int | None) -> int:
        """Return how many files more may be received at this rate, as somebody reads them."""
        if rate is None:
            return limits.READ_AT_ONCE
        enough = rate // limits.SLOWEST_DOWNLOAD_BYTES_PER_SECOND - self.down
        return min(max(0, enough), limits.READ_AT_ONCE)

    def holders(self, rate: int | None) -> int:
        """Return how many holders one download may have at this rate without starving them."""
        return min(max(1, self._most_holders(rate)), limits.HOLDERS_PER_FILE)

    def holders_in_return(self, rate: int | None) -> int:
        """Return how many more it may have that are asked as they ask this peer."""
        return max(0, self._most_holders(rate) - limits.HOLDERS_PER_FILE)

    def _most_holders(self, rate: int | None) -> int:
        most = limits.HOLDERS_PER_FILE + limits.HOLDERS_IN_RETURN
        if rate is None:
            return most
        return min(rate // (self.down * limits.SLOWEST_DOWNLOAD_BYTES_PER_SECOND), most)


def read_rate(text: str) -> int | None:
    """
    Read a rate such as ``10M``, ``1.5m`` or ``500K``, in bytes per second.

    As for curl and rsync, K, M and G are powers of 1024.

    :returns: ``None`` for ``0``, ``off`` and ``unlimited``.
    :raises BadRate: when it is anything else.
    """
    if text.casefold() in _NO_LIMIT:
        return None
    match = _RATE.fullmatch(text)
    if match is None:
        raise BadRate(f"a rate is bytes a second, such as 10M, 1.5M or 500K, not {text!r}")
    rate = float(match["number"]) * _UNITS[match["unit"].upper()]
    return max(1, round(rate)) if rate else None


def _check(direction: str, rate: int | None, transfers: int, slowest: int) -> None:
    least = transfers * slowest
    if rate is not None and rate < least:
        raise BadRate(
            f"{written(rate)} {direction} is too slow for {transfers} transfers at once: below"
            f" {written(slowest)} each they may be given up for dead."
            f" {written(least)} at least, or fewer transfers (--max-transfers)"
        )


def written(rate: int) -> str:
    """Write a rate as :func:`read_rate` reads it."""
    for unit, factor in reversed(_UNITS.items()):
        if rate >= factor and rate * 10 % factor == 0:
            return f"{rate / factor:g}{unit}"
    return str(rate)
