"""Read the name of this peer from its options, or from the person on the terminal."""

import sys

from twisted.python.usage import UsageError

from p2p_twisted.wire.names import BadName, PeerName, peer_name


def read_name(text: str, option: str = "--name") -> PeerName:
    """
    Read a name.

    :raises UsageError: when it is none.
    """
    try:
        return peer_name(text)
    except BadName as error:
        raise UsageError(f"{option}: {error}") from None


def ask_name() -> PeerName:
    """Ask the person on the terminal, until the answer is a name."""
    # The originals: by now a log may stand in their places.
    stdin, stdout = sys.__stdin__, sys.__stdout__
    if stdin is None or stdout is None or not stdin.isatty():
        raise UsageError("say who this is: --name s1")
    while True:
        try:
            stdout.write("name of this peer: ")
            stdout.flush()
            typed = stdin.readline()
        except KeyboardInterrupt:
            # As a shell reports it; nothing has begun yet.
            raise SystemExit(130) from None
        if not typed:
            raise UsageError("say who this is: --name s1")
        try:
            return peer_name(typed)
        except BadName as error:
            stdout.write(f"{error}\n")
