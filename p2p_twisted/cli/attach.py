"""``p2p console``: be the terminal of a console that a running peer has for it."""

import argparse
import os
import select
import signal
import socket
import termios
from pathlib import Path
from typing import Any, Final

from p2p_twisted.api.socket_index import Suffix
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.cli.signals import Interrupted, Signals
from p2p_twisted.cli.terminal import restored
from p2p_twisted.console.attached import HEAD, KEYS, WIDTH
from p2p_twisted.console.keys import PASTE_OFF, PASTE_ON
from p2p_twisted.runtime.exit_status import Exit, after_signal

_STDIN: Final = 0
_STDOUT: Final = 1
_READ_BYTES: Final = 16_384
_LOOK_SECONDS: Final = 0.3
"""How soon the peer hears of another width of the terminal."""

_LOCAL_FLAGS: Final = 3
_SUSPEND: Final = b"\x1a"
_REDRAW: Final = b"\x0c"


def console(client: PeerClient, _options: argparse.Namespace) -> int:
    """Attach this terminal to a console of the peer, until that ends."""
    if not (os.isatty(_STDIN) and os.isatty(_STDOUT)):
        raise CommandFailed(Exit.USAGE, "p2p console needs a terminal; scripts use the other verbs")
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(str(_place(client)))
        except OSError:
            raise CommandFailed(
                Exit.NO_NETWORK, f"{client.name} has no consoles; does it still run?"
            ) from None
        try:
            with Signals() as signals, restored():
                _copy(peer, signals, _send_keys_alone())
        except Interrupted as interrupted:
            return after_signal(interrupted.number)
    os.write(_STDOUT, b"\r\n")
    return Exit.DONE


def _place(client: PeerClient) -> Path:
    return client.place.path.with_suffix(Suffix.CONSOLE)


def _send_keys_alone() -> list[Any]:
    """Have each key come as it is pressed, Ctrl-C and Ctrl-Z, too; return how it was before."""
    before = termios.tcgetattr(_STDIN)
    attributes = list(before)
    attributes[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN | termios.ISIG)
    termios.tcsetattr(_STDIN, termios.TCSANOW, attributes)
    os.write(_STDOUT, PASTE_ON)
    return before


def _suspend(before: list[Any]) -> None:
    """Leave the terminal to the shell until that has this process go on."""
    termios.tcsetattr(_STDIN, termios.TCSADRAIN, before)
    os.write(_STDOUT, PASTE_OFF)
    os.kill(os.getpid(), signal.SIGTSTP)
    _send_keys_alone()


def _copy(peer: socket.socket, signals: Signals, before: list[Any]) -> None:
    """
    Copy what is typed to the peer, and what it writes to the terminal.

    :param before: how the terminal was before.
    :raises Interrupted: when a signal asks this process to end.
    """
    width = 0
    while True:
        if (now := os.get_terminal_size(_STDOUT).columns or 80) != width:
            width = now
            peer.sendall(_frame(WIDTH, str(width).encode()))
        ready = signals.wait(_LOOK_SECONDS, [_STDIN, peer.fileno()])
        try:
            if peer.fileno() in ready:
                if not (shown := peer.recv(_READ_BYTES)):
                    return
                _write(shown)
            if _STDIN in ready:
                if not (typed := os.read(_STDIN, _READ_BYTES)):
                    return
                typed, suspends, _behind = typed.partition(_SUSPEND)
                if suspends:
                    # What was typed behind it is forgotten, as a terminal itself does it.
                    peer.sendall(_frame(KEYS, typed))
                    _suspend(before)
                    # The shell has written to the terminal meanwhile.
                    typed = _REDRAW
                peer.sendall(_frame(KEYS, typed))
        except (BrokenPipeError, ConnectionResetError):
            return


def _frame(kind: bytes, rest: bytes) -> bytes:
    return HEAD.pack(kind, len(rest)) + rest


def _write(shown: Any) -> None:
    while shown:
        select.select([], [_STDOUT], [])
        shown = shown[os.write(_STDOUT, shown) :]
