"""Whose ``Stop`` ends a peer, besides its own."""

import enum


class StopRule(enum.StrEnum):
    """
    Who may end a peer together with all others of its network.

    Each peer decides for itself; where nobody has said anything, that is anyone on one machine, the
    admins in a private network, and nobody in an open network beyond one machine.
    """

    ANYONE = "anyone"
    ADMINS = "admins"
    NEVER = "never"
