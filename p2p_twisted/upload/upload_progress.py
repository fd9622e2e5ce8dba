"""How far a push to another peer is."""

import attrs

from p2p_twisted.wire.names import FileId, PeerName
from p2p_twisted.wire.reaching import DIRECT


@attrs.frozen
class UploadProgress:
    """
    One push to another peer.

    :ivar file_id: of the content that it has asked for first.
    :ivar sent: how many bytes, of that content and of all others that it has asked for.
    :ivar rate: of the last seconds, in bytes per second.
    :ivar how: the two reach each other: ``direct``, ``reversed``, or through a third peer.
    """

    requester: PeerName
    file_id: FileId
    sent: int = 0
    rate: float = 0.0
    how: str = DIRECT
