"""Run an SSH server of one's own, and come in by keys of one's own."""

import subprocess
from pathlib import Path
from typing import Final

from benchmarks.contenders.tools import Tools

NEEDS: Final = ("scp", "sshd", "ssh-keygen", "/run/sshd")
HINT: Final = "apt install openssh-client openssh-server; sshd wants /run/sshd to be there"


def make_keys(tools: Tools, home: Path) -> None:
    """Make the server's key, and that of who comes in."""
    for key in ("host", "user"):
        making = ["-q", "-t", "ed25519", "-N", "", "-f", str(home / key)]
        subprocess.run([tools.find("ssh-keygen"), *making], check=True)


def server(tools: Tools, home: Path, address: str, port: int, pid: Path) -> list[str]:
    """
    Write the server's command, which stays in the foreground.

    :param home: where the keys are.
    :param pid: the server's own file.
    """
    options = {
        "ListenAddress": f"{address}:{port}",
        "HostKey": home / "host",
        "AuthorizedKeysFile": home / "user.pub",
        "PidFile": pid,
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "Subsystem": "sftp internal-sftp",
    }
    return [tools.find("sshd"), "-D", "-e", "-f", "/dev/null", *_flags(options)]


def client_flags(home: Path, port: int) -> list[str]:
    """Write how ssh and scp come in."""
    options = {
        "IdentityFile": home / "user",
        "Port": port,
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
    }
    return ["-F", "/dev/null", *_flags(options)]


def _flags(options: dict[str, object]) -> list[str]:
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
