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
FREE: dict[Kind, dict[str, str]] = {
    "registry": {"P2P_REGISTRY_LISTEN": "127.0.0.1:0"},
    "peer": {"P2P_NAME": "s1", "P2P_REGISTRY": "127.0.0.1:1"},
}
"""Where nobody else is."""
PROGRAM = """
import sys
from p2p_twisted.cli import daemon

def run(program, words):
    from twisted.internet import reactor
    def end():
        with open("modules", "w") as told:
            print(*sys.modules, file=told)
        reactor.stop()
    # What services begin with is first.
    reactor.callWhenRunning(reactor.callLater, 0, end)
    run_twistd(program, words)

run_twistd, daemon.run_twistd = daemon.run_twistd, run
daemon.run_daemon(sys.argv[1], [])
"""


def imported(kind: Kind, config: str = "", **variables: str) -> set[str]:
    """Run a daemon until it has started; return what has been imported by then."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(config)
        usual = {name: each for name, each in os.environ.items() if not name.startswith("P2P_")}
        subprocess.run(
            [sys.executable, "-c", PROGRAM, kind],
            env={
                **usual,
                "PYTHONPATH": str(PACKAGE),
                "P2P_CONFIG": "config.toml",
                "XDG_RUNTIME_DIR": folder,
                **FREE[kind],
                **variables,
            },
            cwd=folder,
            stdin=subprocess.DEVNULL,
            check=True,
            capture_output=True,
        )
        return set((Path(folder) / "modules").read_text().split())


@pytest.mark.parametrize(
    ("kind", "needed", "others"),
    [
        ("registry", "p2p_twisted.p2pmeta", ["p2p_twisted.p2ppeer", "p2p_twisted.peer.interface"]),
        ("peer", "p2p_twisted.p2ppeer", ["p2p_twisted.p2pmeta", "twisted.web.client"]),
    ],
)
def test_only_its_own(kind: Kind, needed: str, others: list[str]) -> None:
    """Neither the other daemon nor what only some peers have, whatever is set for this one."""
    config = f"[{kind}]\nquiet = true\n"
    variables = {"peer": {"P2P_MAX_UP": "1M"}, "registry": {"P2P_REGISTRY_STORE": "memory:"}}
    modules = imported(kind, config, **variables[kind])
    assert needed in modules
    assert modules.isdisjoint([*others, *SELDOM])


def test_both_where_needed() -> None:
    """The other one, where something is said about it: that could be mistyped."""
    assert "p2p_twisted.p2ppeer" in imported("registry", P2P_MAX_UP="1M")
    assert "p2p_twisted.p2pmeta" in imported("peer", '[registry]\nweb = "8080"\n')
