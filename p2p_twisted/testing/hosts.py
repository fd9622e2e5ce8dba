"""Where the processes of a virtual network live: on one machine, or each on one of its own."""

from collections.abc import Callable, Collection
from itertools import count
from typing import Final

from attrs import define, field, frozen

LOOPBACK: Final = "127.0.0.1"
_NAT: Final = "10.2.0.1"


@frozen
class Host:
    """
    The machine of a process.

    :ivar address: on which its processes listen.
    :ivar seen_as: with which others see what it dials: another one where it is behind NAT.
    """

    address: str = LOOPBACK
    seen_as: str = LOOPBACK


def one_machine(_name: str) -> Host:
    """Have all processes live on one machine."""
    return Host()


HostOf = Callable[[str], Host]
"""Gives the host of a process."""


@define
class Machines:
    """
    Gives each process a machine of its own.

    :ivar behind_nat: processes whose machines are behind NAT, each behind another one: they dial
        others, and nobody dials them.
    :ivar are_together: whether they are all behind one NAT, inside of which they dial each other.
    """

    behind_nat: Collection[str] = ()
    are_together: bool = False
    _hosts: dict[str, Host] = field(factory=dict)
    _numbers: "count[int]" = field(factory=lambda: count(1))

    def __call__(self, name: str) -> Host:
        """Give the host of a process, which keeps it when it is started again."""
        if name not in self._hosts:
            high, low = divmod(next(self._numbers), 250)
            outside, inside = f"10.1.{high}.{low + 1}", f"192.168.{high}.{low + 1}"
            is_inside = name in self.behind_nat
            seen_as = _NAT if is_inside and self.are_together else outside
            self._hosts[name] = Host(inside if is_inside else outside, seen_as)
        return self._hosts[name]
