"""Keep the rates that a person has chosen, over restarts."""

from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.rates import BadRate, Rates
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.storage.state import StateDirectory

_FILE: Final = "limits"
_RATE_MOST: Final = 2**50


class KeptRates:
    """
    How fast a peer sends and receives, and how fast it did when the last run ended.

    :ivar bandwidth: what is limited.
    :param given: the directions whose rates options have given: these are not recalled.
    :param announce: is told what a person should know.
    """

    log = Logger()

    def __init__(
        self,
        bandwidth: Bandwidth,
        state: StateDirectory,
        given: frozenset[str],
        announce: Callable[[str], None],
    ) -> None:
        self.bandwidth = bandwidth
        self._state = state
        self._given = given
        self._announce = announce
        self._kept: dict[str, int | None] = {}

    @property
    def rates(self) -> Rates:
        """The current limits."""
        return self.bandwidth.rates

    def recall(self) -> None:
        """Limit what was limited when the last run ended; what is damaged is passed over."""
        self._kept = _read(self._state.read(_FILE))
        recalled = {way: rate for way, rate in self._kept.items() if way not in self._given}
        try:
            self.bandwidth.limit(attrs.evolve(self.rates, **recalled))
        except BadRate as error:
            self.log.warn("the limits of the last run are passed over: {error}", error=error)

    def limit(self, rates: Rates) -> None:
        """
        Change the limits, and keep what was changed.

        :raises BadRate: when they are too slow for so many transfers.
        """
        before = attrs.asdict(self.rates)
        self.bandwidth.limit(rates)
        self._kept |= {
            way: rate for way, rate in attrs.asdict(rates).items() if rate != before[way]
        }
        try:
            self._state.write(_FILE, self._kept)
        except OSError as error:
            text = f"the limits are not kept for the next run: {in_words(error)}"
            self.log.warn("{text}", text=text)
            self._announce(text)


def _read(saved: Any) -> dict[str, int | None]:
    if not isinstance(saved, dict):
        return {}
    ways = [field.name for field in attrs.fields(Rates)]
    return {way: saved[way] for way in ways if way in saved and _is_rate(saved[way])}


def _is_rate(value: Any) -> bool:
    return value is None or (type(value) is int and 0 < value < 2**63)
