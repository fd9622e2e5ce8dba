"""Read the name of a peer in a request."""

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.wire.names import BadName, PeerName, peer_name


def named_peer(typed: str | None) -> PeerName | None:
    """
    Read the name of a peer, if there is one.

    :raises BadRequest: when no peer can be called so.
    """
    try:
        return None if typed is None else peer_name(typed)
    except BadName as error:
        raise BadRequest("bad_request", str(error)) from None
