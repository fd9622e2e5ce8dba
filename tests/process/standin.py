"""
A stand-in for both daemons, run as a script: it starts at once, and fails as it is told to.

The environment variable ``STANDIN`` has a word ``NAME=FAULT`` for each daemon with a fault.
"""

import os
import signal
import socket
import sys
import tty
from pathlib import Path


def main() -> None:
    """Say that we are ready, then serve the console, if there is one, until the end."""
    log, verb, *arguments = sys.argv[1:]
    parts = (argument.removeprefix("--").partition("=") for argument in arguments)
    options = {option: value for option, _, value in parts}
    name = options.get("name", "registry")
    faults = dict(word.split("=") for word in os.environ.get("STANDIN", "").split())
    fault = faults.get(name)
    Path(log).write_text(f"{verb} starts\n")
    Path(f"{log}.pid").write_text(str(os.getpid()))
    if fault == "dies":
        sys.exit("it cannot start")
    if fault == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if fault != "mute":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.connect(os.environ["NOTIFY_SOCKET"])
            manager.send(b"STATUS=here\nREADY=1")
    if fault == "crashes":
        sys.exit("it crashed")
    if name == "s1":
        serve(int(options.get("results", "-1")))
    while True:
        signal.pause()


def serve(results: int) -> None:
    """Answer lines from stdin, and tell the results of them."""
    show("welcome")
    for line in map(str.strip, sys.stdin):
        if line == "leave":
            sys.exit()
        if line == "crash":
            sys.exit(1)
        if line == "get nothere":
            sys.exit(4)
        if line == "raw":
            tty.setraw(0)
            os.set_blocking(0, False)
            signal.pause()
        if line == "hang":
            signal.pause()
        show(f"did {line}")
        if results >= 0:
            os.write(results, b"failed\n" if line == "nonsense" else b"ok\n")


def show(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


main()
