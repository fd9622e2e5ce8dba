"""
The serial number of a certificate: a counter, and random bits behind it.

A registry that was restored from a backup has an old counter: a certificate with a higher one
shows it that it has forgotten something.
"""

from typing import Protocol, Self

from attrs import frozen

_RANDOM_BITS = 64


class RandomBits(Protocol):
    """A source of random bits that nobody can predict: ``random.SystemRandom`` is one."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of so many bits."""


@frozen(order=True)
class SerialNumber:
    """
    One certificate's number.

    :ivar counter: how many certificates the issuer has issued by then, from 1 on.
    :ivar random: tells apart what two issuers, or one and its restored copy, count alike.
    """

    counter: int
    random: int

    @classmethod
    def next_after(cls, counter: int, rng: RandomBits) -> Self:
        """Make the number that follows a counter."""
        return cls(counter + 1, rng.getrandbits(_RANDOM_BITS))

    @classmethod
    def from_int(cls, number: int) -> Self:
        """Read what :meth:`to_int` has made."""
        return cls(number >> _RANDOM_BITS, number & ((1 << _RANDOM_BITS) - 1))

    @property
    def fraction(self) -> float:
        """A number from 0 to 1, to spread out what is due for many certificates at once."""
        return self.random / (1 << _RANDOM_BITS)

    def to_int(self) -> int:
        """Write it as certificates carry it."""
        return (self.counter << _RANDOM_BITS) | self.random
