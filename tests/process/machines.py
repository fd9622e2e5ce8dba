"""Machines on one cable: network namespaces on a bridge, with their own addresses and firewalls."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import Daemon, script
from tests.process.networks import Peer

_TOOLS = ("ip", "nft")


class Lan:
    """
    A bridge, to which machines are connected; all of it is removed when the test is over.

    The test is skipped where namespaces, or the tools for them, are not to be had.

    :param directory: where all daemons run.
    """

    def __init__(self, case: SynchronousTestCase, directory: Path) -> None:
        if os.getuid() or not all(map(shutil.which, _TOOLS)):
            raise unittest.SkipTest(f"namespaces take root, and {' and '.join(_TOOLS)}")
        self._case = case
        self.directory = directory
        # Namespaces of those that do NAT, by their addresses.
        self._routers: dict[str, str] = {}
        self._bridge = self._namespace("lan")
        try:
            _run("ip", "-n", self._bridge, "link", "add", "cable", "type", "bridge")
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"there are no bridges here: {error}") from None
        _run("ip", "-n", self._bridge, "link", "set", "cable", "up")

    def machine(self, name: str, host: str) -> "Machine":
        """Connect one more machine."""
        namespace = self._connected(name, host, self._bridge)
        _run("ip", "-n", self._bridge, "link", "set", f"to-{name}", "master", "cable")
        return Machine(self._case, self.directory, namespace, host)

    def machine_behind_nat(self, name: str, host: str, outside: str) -> "Machine":
        """
        Connect one more machine by way of a router, with whose address it is seen.

        :param outside: the router's address; inside it has the first one of the machine's network.
            Machines with the same one are behind one router, which passes on what they say to each
            other as it is.
        """
        if outside not in self._routers:
            self._routers[outside] = self._router(f"{name}-nat", outside)
        router = self._routers[outside]
        namespace, inside = self._connected(name, host, router), f"{host.rpartition('.')[0]}.1"
        _run("ip", "-n", router, "addr", "add", f"{inside}/24", "dev", f"to-{name}")
        _run("ip", "-n", namespace, "route", "add", "default", "via", inside)
        return Machine(self._case, self.directory, namespace, host)

    def _router(self, name: str, host: str) -> str:
        """Make a machine that does NAT; return its namespace."""
        router = self.machine(name, host).namespace
        forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
        _run("ip", "netns", "exec", router, "sh", "-c", forward)
        hook = "{ type nat hook postrouting priority 100 ; }"
        for rule in (
            ("add", "table", "ip", "nat"),
            ("add", "chain", "ip", "nat", "out", hook),
            ("add", "rule", "ip", "nat", "out", "oifname", "eth0", "masquerade"),
        ):
            _run("ip", "netns", "exec", router, "nft", *rule)
        return router

    def _connected(self, name: str, host: str, other: str) -> str:
        """Make a namespace with a cable to another one; its end there is ``to-NAME``."""
        namespace, port = self._namespace(name), f"to-{name}"
        connect = ["link", "add", "eth0", "type", "veth", "peer", "name", port]
        _run("ip", "-n", namespace, *connect, "netns", other)
        _run("ip", "-n", namespace, "addr", "add", f"{host}/24", "dev", "eth0")
        for end in ("eth0", "lo"):
            _run("ip", "-n", namespace, "link", "set", end, "up")
        _run("ip", "-n", other, "link", "set", port, "up")
        return namespace

    def _namespace(self, name: str) -> str:
        namespace = f"p2p-{os.getpid()}-{id(self) % 10_000}-{name}"
        try:
            _run("ip", "netns", "add", namespace)
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"there are no namespaces here: {error}") from None
        self._case.addCleanup(_run, "ip", "netns", "del", namespace)
        return namespace


class Machine:
    """
    One machine.

    :ivar host: its address.
    :ivar namespace: what it is made of.
    """

    def __init__(
        self, case: SynchronousTestCase, directory: Path, namespace: str, host: str
    ) -> None:
        self._case = case
        self._directory = directory
        self.namespace = namespace
        self.host = host

    def start(self, *arguments: str, **how: Any) -> Peer:
        """Start twistd on it, with a pipe for a console; returns at once."""
        return self.start_program(script("twistd"), "-n", *arguments, **how)

    def start_program(self, *command: str, **how: Any) -> Peer:
        """Start another program on it, likewise."""
        started = Peer(
            *("netns", "exec", self.namespace, *command),
            cwd=self._directory,
            command=str(shutil.which("ip")),
            **{"stdin": subprocess.PIPE, **how},
        )
        self._case.addCleanup(started.end)
        return started

    def run(self, *command: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        """Run a command that was installed on it, until it ends."""
        return subprocess.run(
            ("ip", "netns", "exec", self.namespace, *command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **how,
        )

    def start_other(self, command: str, *arguments: str) -> Daemon:
        """Start a command that is no daemon of ours; returns at once."""
        daemon = Daemon(
            *("netns", "exec", self.namespace, command, *arguments),
            cwd=self._directory,
            command=str(shutil.which("ip")),
            stdin=subprocess.PIPE,
        )
        self._case.addCleanup(daemon.end)
        return daemon

    def start_registry(self) -> Peer:
        """Start the registry on it; returns when it listens."""
        listen = f"tcp:9011:interface={self.host}"
        registry = self.start("p2pmeta", "--listen", listen, "--insecure-lan")
        registry.wait_ready()
        return registry

    def start_peer(self, name: str, registry: "Machine", *options: str) -> Peer:
        """Start a peer on it; returns when it is ready."""
        where = ("--registry", f"{registry.host}:9011", "--interface", self.host)
        peer = self.start("p2ppeer", "--name", name, *where, "--insecure-lan", *options)
        peer.wait_ready()
        return peer

    def close_ports(self, ports: str = "9000-9009") -> None:
        """Drop what comes to some ports, as many a firewall does."""
        self._drop("tcp", "dport", ports)

    def drop_multicast(self) -> None:
        """Drop what is said to all machines of the network, as many a Wi-Fi does."""
        self._drop("ip", "daddr", "224.0.0.0/4")

    def _drop(self, *what: str) -> None:
        self._run("nft", "add", "table", "inet", "wall")
        hook = "{ type filter hook input priority 0 ; }"
        self._run("nft", "add", "chain", "inet", "wall", "input", hook)
        self._run("nft", "add", "rule", "inet", "wall", "input", *what, "drop")

    def open_ports(self) -> None:
        """Let everything in again."""
        self._run("nft", "delete", "table", "inet", "wall")

    def change_host(self, host: str) -> None:
        """Give it another address in place of the one that it has."""
        self._run("ip", "addr", "flush", "dev", "eth0", "scope", "global")
        self._run("ip", "addr", "add", f"{host}/24", "dev", "eth0")
        self.host = host

    def cut_off(self) -> None:
        """Have nothing come in or go out any more, without a word."""
        self._run("nft", "add", "table", "inet", "cut")
        for way, device in (("input", "iifname"), ("output", "oifname")):
            hook = f"{{ type filter hook {way} priority 0 ; }}"
            self._run("nft", "add", "chain", "inet", "cut", way, hook)
            self._run("nft", "add", "rule", "inet", "cut", way, device, "eth0", "drop")

    def slow_down(self, kilobytes: int) -> None:
        """Let out no more than so much a second."""
        self._run("nft", "add", "table", "inet", "slow")
        hook = "{ type filter hook output priority 0 ; }"
        self._run("nft", "add", "chain", "inet", "slow", "output", hook)
        over = f"limit rate over {kilobytes} kbytes/second".split()
        self._run("nft", "add", "rule", "inet", "slow", "output", "oifname", "eth0", *over, "drop")

    def connect_again(self) -> None:
        """Undo that."""
        self._run("nft", "delete", "table", "inet", "cut")

    def unplug(self) -> None:
        """Pull its cable out."""
        self._run("ip", "link", "set", "eth0", "down")

    def plug(self) -> None:
        """Put its cable in again."""
        self._run("ip", "link", "set", "eth0", "up")

    def _run(self, *command: str) -> None:
        _run("ip", "netns", "exec", self.namespace, *command)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
