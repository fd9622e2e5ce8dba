"""``p2p ready``: say whether daemons of this user are ready, for scripts and containers."""

import argparse
from typing import Final

from p2p_twisted.api.socket_index import running_peers, running_registries
from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit

_ANSWER_SECONDS: Final = 5.0


def ready(options: argparse.Namespace) -> int:
    """
    Say that each daemon is ready that runs, or the peer that is meant; return the exit status.

    :raises CommandFailed: when one is not, does not answer within 5 s, or none runs.
    """
    peers = list(running_peers())
    places = {place.name: place for place in peers if options.peer in (None, place.name)}
    if options.peer is None:
        places |= {f"the registry of {place.name}": place for place in running_registries()}
    if not places:
        raise CommandFailed(Exit.NO_NETWORK, "no such daemon of yours runs here")
    for name, place in places.items():
        try:
            PeerClient(place, _ANSWER_SECONDS).get("/readyz")
        except CommandFailed as failed:
            raise CommandFailed(failed.code, f"{name} is not ready: {failed}") from None
    answer = {"ready": [place.name for place in places.values()]}
    return say(options, answer, lambda _said: [f"{name} is ready" for name in places])
