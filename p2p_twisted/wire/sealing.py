"""What encrypts a connection, and lets whole blocks pass by the way that lines take."""

from typing import Any, Final

from twisted.internet.interfaces import IProtocol, ITransport

from p2p_twisted.wire.limits import KIB

SEALED_BYTES: Final = 256 * KIB
"""How much is encrypted at once, at most."""
OPENED_BYTES: Final = 512 * KIB
"""How much is read to be decrypted at once, at most."""


class ISealing(ITransport, IProtocol):
    """
    TLS on one connection: what lines are written to, in small pieces, and come from.

    What is large passes that by, in its order: sealed here, to be written to the transport below,
    and opened here, before the rest of what came is left to it.
    """

    def seal(piece: bytes) -> bytes:  # noqa: N805
        """Encrypt a piece, behind all that was written; return nothing once it has ended."""

    def open_into(room: memoryview, received: memoryview) -> int:  # noqa: N805
        """
        Decrypt into a buffer as much as fits of what has come.

        :param received: what has come, but for the last byte at least. That is for the transport
            to take: it meets then whatever else has come, and why there is no more.
        :returns: how many bytes.
        """


def below(transport: Any) -> Any:
    """Return the transport that writes what this one has encrypted, or the same if it does not."""
    return getattr(transport, "transport", None) or transport
