"""Decide when to look again how an offer goes."""


def next_look_in(worth_while: float, left: float) -> float:
    """
    Return in how many seconds to look again.

    Who looks sooner than is worth while is told again what the last look has brought. So the last
    look of all, for which no time is left, has that long behind the one before.

    :param worth_while: after how many seconds.
    :param left: how many seconds there are to wait.
    """
    return left if left < 2 * worth_while else worth_while
