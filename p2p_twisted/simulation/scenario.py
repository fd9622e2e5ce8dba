"""What is to happen to simulated peers, and when."""

from typing import Final, NamedTuple

FEWEST_PEERS: Final = 2
MOST_PEERS: Final = 100_000
SHORTEST_SECONDS: Final = 60
LONGEST_SECONDS: Final = 3_600
MOST_CHURN: Final = 600
"""Joins, and as many leaves, a minute."""

_JOIN_SECONDS: Final = 0.05
_LONGEST_LEAD_SECONDS: Final = 10.0


class Scenario(NamedTuple):
    """
    A network that forms, comes to harm after a third of its time, and goes on.

    :ivar peers: how many form it.
    :ivar kill: what share of them dies at once, in percent.
    :ivar is_silent: whether they vanish, instead of crashing.
    :ivar partition: for how long the network is cut in halves, in seconds.
    :ivar churn: how many peers join in a minute, and how many leave.
    :ivar duration: how long it all takes, in simulated seconds.
    :ivar seed: the same one gives the same run.
    :ivar nat: what share of the peers others cannot dial, in percent.
    """

    peers: int = 1_000
    kill: int = 0
    is_silent: bool = False
    partition: int = 0
    churn: int = 0
    duration: int = 300
    seed: int = 1
    nat: int = 0

    @property
    def has_fault(self) -> bool:
        """Whether the network comes to harm at once."""
        return self.kill > 0 or self.partition > 0

    @property
    def fault_at(self) -> float:
        """When that is, in seconds from the start."""
        return self.duration / 3

    @property
    def middle_at(self) -> float:
        """When the network is looked at in the middle: right after the fault, if there is one."""
        return self.fault_at if self.has_fault else (self.fault_at + self.duration) / 2

    @property
    def formed_at(self) -> float:
        """When the last peer joins, in seconds from the start."""
        return min(self.duration / 6, self.peers * _JOIN_SECONDS)

    def is_closed(self, number: int) -> bool:
        """Return whether others cannot dial a peer, as they join; the first can be dialed."""
        return number * self.nat // 100 > (number - 1) * self.nat // 100

    @property
    def lead(self) -> float:
        """How long before a moment one begins to measure what is settled by then, in seconds."""
        return min(self.duration / 12, _LONGEST_LEAD_SECONDS)


def fault_in(scenario: Scenario) -> str | None:
    """Say what is wrong with a scenario whose single values are in their bounds."""
    if scenario.partition > scenario.duration // 2:
        longest = scenario.duration // 2
        return (
            f"a partition has at most half of the duration, to heal in: {longest} s"
            f" of {scenario.duration} s, not {scenario.partition} s"
        )
    if scenario.is_silent and not scenario.kill:
        return "--silent says how peers die; give --kill too, like --kill 50%"
    return None
