"""What is said where a peer for one command cannot run."""

import argparse
from pathlib import Path

from p2p_twisted.cli.temporary_peer import _command, for_command, refused
from p2p_twisted.registry.one_shot import NoGreeting
from p2p_twisted.registry.refusals import name_taken, other_host
from p2p_twisted.registry.unreachable import explain
from p2p_twisted.runtime.exit_status import Exit
from tests.registry.builders import registration


def test_options_of_peers() -> None:
    """Where another option would help, it is said who takes that."""
    why = other_host("10.0.0.2", "10.0.0.3")
    only = "only p2p peer takes --interface and --advertise: start one, and then ask that"
    assert for_command(why) == f"{why}; {only}"
    assert for_command("say --insecure-lan") == "say --insecure-lan"


def test_private() -> None:
    """Where an invite is needed, it is said how a command is given one."""
    why = explain(NoGreeting(), "10.0.0.1", 9_011, "default")
    how = "here, set P2P_INVITE, or say --state with a member's own files"
    assert for_command(why) == f"{why}; {how}"


def test_taken() -> None:
    """A member that is in the network already is not told to take another name."""
    why = name_taken(registration("bob", expires=100.0), 90.0).reason
    failed = refused(why)
    is_there = "its peer runs elsewhere, or another command is that member now"
    assert str(failed) == f"{why.removesuffix(': choose another one')}: {is_there}"
    assert (failed.code, refused("it is full").code) == (Exit.CONFLICT, Exit.NO_NETWORK)


def test_pushes(tmp_path: Path) -> None:
    """What others push does not land beside what the command gets."""
    asked = argparse.Namespace(registry="127.0.0.1:9011", network="default", insecure_lan=False)
    assert "--accept=none" in _command(asked, tmp_path)
