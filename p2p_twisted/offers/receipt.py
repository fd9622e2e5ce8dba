"""How far one peer is with an offer."""

from typing import Literal

from attrs import frozen

from p2p_twisted.wire.names import PeerName

ReceiptState = Literal["waiting", "asked", "fetching", "saved", "refused", "no space", "failed"]
"""
``waiting``: heard, and not begun; ``asked``: a person there is asked; ``fetching``, ``saved``;
``refused``: by its rule or a person; ``no space``; ``failed``.
"""


@frozen
class Receipt:
    """
    How far one peer is with an offer.

    :ivar received: in bytes.
    :ivar rate: in bytes a second.
    :ivar reason: why it has not got it, for people.
    """

    peer: PeerName
    state: ReceiptState
    received: int = 0
    rate: float = 0.0
    reason: str = ""
