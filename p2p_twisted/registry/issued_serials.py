"""Remember which certificates an issuer has made, so that it notices what it has forgotten."""

from typing import Final

from p2p_twisted.trust.serial_number import RandomBits, SerialNumber

_FORGOTTEN_MOST: Final = 100_000
"""Certificates that were issued between a backup and the moment in which it is restored."""


class IssuedSerials:
    """
    The serial numbers of one issuer.

    :param rng: makes them, so it must be unpredictable.
    :ivar counter: how many certificates were issued by then.
    """

    def __init__(self, rng: RandomBits) -> None:
        self._rng = rng
        self.counter = 0
        # Those with higher numbers were issued since it was started, or are forgotten.
        self._recorded = 0
        self._issued: set[SerialNumber] = set()

    def next(self) -> SerialNumber:
        """Make the next one; it counts once it is :meth:`add`-ed."""
        return SerialNumber.next_after(self.counter, self._rng)

    def add(self, serial: SerialNumber) -> None:
        """Remember one that was given."""
        self.counter = serial.counter
        if len(self._issued) >= _FORGOTTEN_MOST:
            # An issuer that was restored has noticed it by now.
            self._recorded = self.counter - 1
            self._issued.clear()
        self._issued.add(serial)

    def is_forgotten(self, serial: SerialNumber) -> bool:
        """Return whether this issuer has given one, and forgotten that."""
        return serial.counter > self._recorded and serial not in self._issued

    def skip_beyond(self, serial: SerialNumber) -> None:
        """
        Go on beyond all that others may show, of whom one has shown a forgotten one.

        So none of them is taken for another restoration.
        """
        self.counter = self._recorded = serial.counter + _FORGOTTEN_MOST

    def restore(self, counter: int) -> None:
        """Be as when so many had been issued."""
        self.counter = self._recorded = counter
        self._issued.clear()
