"""What happens, in lines for people."""

import subprocess
import sys
from typing import Any

import pytest

from p2p_twisted.cli.following import event_text
from p2p_twisted.runtime.exit_status import Exit

_MEMBER = {"name": "s1", "host": "127.0.0.1", "port": 9_000}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"kind": "registered", "member": {**_MEMBER, "is_listening": True}},
            "s1 at 127.0.0.1:9000",
        ),
        (
            {"kind": "registered", "member": {**_MEMBER, "is_listening": False}},
            "s1 at 127.0.0.1:9000, and does not listen yet",
        ),
        (
            {"kind": "linked", "neighbor": {"name": "s2", "host": "fd00::2", "port": 9_000}},
            "s2 at [fd00::2]:9000",
        ),
        ({"kind": "forgotten", "name": "s1", "why": "it left"}, "s1: it left"),
        ({"kind": "registration", "registered": False}, "the registry does not know this peer"),
        ({"kind": "warning", "text": "a\x1bb"}, "a\\x1bb"),
        ({"kind": "what later versions tell"}, ""),
        (
            {
                "kind": "peers",
                "came": ["s3"],
                "went": ["s1"],
                "peers": 2,
                "changed": [{"name": "s2", "neighbors": []}, {"name": "s3", "neighbors": []}],
                "silent": ["s4"],
            },
            "+s3 -s1, 1 peer linked anew, 1 peer silent (2 peers)",
        ),
        (
            {"kind": "peers", "came": [], "went": [], "peers": 2, "changed": [], "silent": []},
            "(2 peers)",
        ),
    ],
)
def test_text(event: dict[str, Any], text: str) -> None:
    """One line for each kind, with nothing in it that a terminal obeys."""
    assert event_text(event) == text


def test_reader_goes() -> None:
    """Who waits for what happens ends with the one who reads it, though nothing happens."""
    follows = "from p2p_twisted.cli.following import end_with_reader; end_with_reader();"
    command = [sys.executable, "-c", f"{follows} import time; print(flush=True); time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        following.stdout.readline()
        assert following.poll() is None
        following.stdout.close()
        assert following.wait(30) == Exit.UNEXPECTED
