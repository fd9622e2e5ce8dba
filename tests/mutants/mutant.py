"""What a mutant is."""

from attrs import frozen


@frozen
class Mutant:
    """
    One line made wrong.

    :ivar file: below ``p2p_twisted``.
    :ivar old: occurs there exactly once.
    :ivar harm: what goes wrong with ``new`` in its place.
    :ivar tests: which of the tests, below ``tests``, must notice; separated by spaces.
    """

    file: str
    old: str
    new: str
    harm: str
    tests: str
