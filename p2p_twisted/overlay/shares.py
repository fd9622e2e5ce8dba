"""Share out what is meant for seven neighbors where there are more."""

from p2p_twisted.wire.limits import LINKS_MOST


def price(links: int) -> int:
    """
    Return how many times a neighbor is charged for what it asks for.

    So all together cost no more than seven do, and what is passed on for them no more than
    others accept from one.

    :param links: how many there are.
    """
    return max(1, -(-links // LINKS_MOST))
