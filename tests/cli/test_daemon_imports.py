"""What a daemon imports that ``p2p`` starts: it stays in memory for as long as it runs."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import p2p_twisted
from p2p_twisted.cli.daemon_options import Kind

PACKAGE = Path(p2p_twisted.__file__).parents[1]
SELDOM = (
    "p2p_twisted.api.views",
    "p2p_twisted.gateway.link_site",
    "p2p_twisted.recording.recorder",
    "twisted.web.server",
)
"""What answers the API, and what most daemons never need: 6 MB, and a sixth of a start."""
PROGRAM = """
import sys
from p2p_twisted.cli import daemon
daemon.run_twistd = lambda program, words: print(*sys.modules)
daemon.run_daemon(sys.argv[1], [])
"""


def imported(kind: Kind, config: str = "", **variables: str) -> set[str]:
    """Start a daemon, up to where twistd takes over; return what has been imported by then."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(config)
        usual = {name: each for name, each in os.environ.items() if not name.startswith("P2P_")}
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, kind],
            env={**usual, "PYTHONPATH": str(PACKAGE), "P2P_CONFIG": "config.toml", **variables},
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    ("kind", "needed", "others"),
    [
        ("registry", "p2p_twisted.p2pmeta", ["p2p_twisted.p2ppeer", "p2p_twisted.peer.interface"]),
        ("peer", "p2p_twisted.p2ppeer", ["p2p_twisted.p2pmeta", "twisted.web.client"]),
    ],
)
def test_only_its_own(kind: Kind, needed: str, others: list[str]) -> None:
    """Neither the other daemon nor what only some peers have, whatever is set for this one."""
    config = f'[{kind}]\nweb = "8080"\n'
    variables = {"peer": {"P2P_MAX_UP": "1M"}, "registry": {"P2P_REGISTRY_WEB": "8080"}}
    modules = imported(kind, config, **variables[kind])
    assert needed in modules
    assert modules.isdisjoint([*others, *SELDOM])


def test_both_where_needed() -> None:
    """The other one, where something is said about it: that could be mistyped."""
    assert "p2p_twisted.p2ppeer" in imported("registry", P2P_MAX_UP="1M")
    assert "p2p_twisted.p2pmeta" in imported("peer", '[registry]\nweb = "8080"\n')
