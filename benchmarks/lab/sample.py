"""What was measured of one run."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen


@frozen
class Usage:
    """
    What one side of a run has used.

    :ivar cpu: seconds.
    :ivar peak: the most memory that its processes had together, in bytes.
    """

    cpu: float = 0.0
    peak: int = 0


@frozen
class Sample:
    """
    One run.

    :ivar foreign: how many cores other processes used meanwhile.
    """

    seconds: float
    sender: Usage = field(factory=Usage)
    receiver: Usage = field(factory=Usage)
    foreign: float = 0.0


Samples = Mapping[str, Sequence[Sample]]
"""The runs of each contender, in the order of the rounds."""
