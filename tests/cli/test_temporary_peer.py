"""What is said where a peer for one command cannot run."""

from p2p_twisted.cli.temporary_peer import for_command
from p2p_twisted.registry.refusals import other_host


def test_options_of_peers() -> None:
    """Where another option would help, it is said who takes that."""
    why = other_host("10.0.0.2", "10.0.0.3")
    only = "only p2p peer takes --interface and --advertise: start one, and then ask that"
    assert for_command(why) == f"{why}; {only}"
    assert for_command("say --insecure-lan") == "say --insecure-lan"
