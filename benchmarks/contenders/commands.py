"""Rivals that are commands: a running server, and a command that downloads."""

import getpass
import os
import sys
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from typing_extensions import override

from benchmarks.contenders import ssh
from benchmarks.contenders.contender import Contender
from benchmarks.contenders.tools import Tools
from benchmarks.lab.hosts import LOCAL, LOOPBACK, Host, is_listening
from benchmarks.lab.lab import Lab, Process, TookTooLong
from benchmarks.lab.sample import Sample

_WAIT_SECONDS: Final = 20.0

Words = Sequence[str | Path]
"""A command, word by word."""


class Served(Contender):
    """
    A server on a port of its own; the clock runs from the command's start to its end.

    :param hosts: where the server is, and where the command runs.
    """

    def __init__(
        self, lab: Lab, tools: Tools, source: Path, hosts: tuple[Host, Host] = (LOCAL, LOCAL)
    ) -> None:
        super().__init__(lab, tools, source)
        self.host, self.client = hosts

    @override
    def prepare(self) -> None:
        self.port = self.lab.port()
        self.home = self.lab.directory / type(self).__name__
        self.home.mkdir()
        self.server = self.lab.start(type(self).__name__, *self.host.prefix, *self.serve())
        self.lab.wait(self._listens, _WAIT_SECONDS)

    @abstractmethod
    def serve(self) -> Words:
        """Write the server's command; it stays in the foreground."""

    @abstractmethod
    def command(self, target: Path) -> Words:
        """Write the command that fetches."""

    @override
    def fetch(self, target: Path) -> Sample:
        return run(self, self.server, [*self.client.prefix, *self.command(target)])

    def _listens(self) -> bool:
        if self.server.has_ended:
            raise TookTooLong(f"{self.name} did not start:{self.server.tail()}")
        return is_listening(self.server.pid, self.port)


def run(contender: Contender, server: Process, command: Words) -> Sample:
    """
    Measure a command, from its start to its end.

    :raises TookTooLong: when it fails.
    """
    started: list[Process] = []

    def begin() -> Sequence[Process]:
        started.append(contender.lab.start(type(contender).__name__, *command))
        return started

    sample = contender.lab.timed([server], [], begin, lambda: started[0].has_ended)
    if started[0].end():
        raise TookTooLong(f"{contender.name} failed:{started[0].tail()}")
    return sample


class HttpServer(Served):
    """Python's own web server."""

    name = "python -m http.server, curl; unverified"
    scheme = "http"
    needs: ClassVar[tuple[str, ...]] = ("curl",)
    hint = "apt install curl"

    @override
    def serve(self) -> Words:
        where: Words = ["--bind", self.host.address, "--directory", self.source.parent]
        return [sys.executable, "-m", "http.server", *where, str(self.port)]

    @override
    def command(self, target: Path) -> Words:
        return self.curl(target)

    def curl(self, target: Path) -> Words:
        """Write the command that downloads."""
        url = f"{self.scheme}://{self.host.address}:{self.port}/{self.source.name}"
        return [self.tools.find("curl"), "--silent", "--fail", "--output", target, url]


_NGINX = """
daemon off;
pid {home}/pid;
error_log {home}/errors;
{user}
events {{}}
http {{
    sendfile on;
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen {listen};
        root {root};
    }}
}}
"""


class Nginx(HttpServer):
    """The usual web server."""

    name = "nginx, curl; unverified"
    needs: ClassVar[tuple[str, ...]] = ("nginx", "curl")
    hint = "apt install nginx-light curl"

    @override
    def serve(self) -> Words:
        settings = self.home / "settings"
        user = "" if os.geteuid() else "user root;"
        places = {"home": self.home, "root": self.source.parent}
        settings.write_text(_NGINX.format(**places, user=user, listen=self.listen()))
        return [self.tools.find("nginx"), "-e", self.home / "errors", "-c", settings]

    def listen(self) -> str:
        """Write what the server listens on, as its settings have it."""
        return f"{self.host.address}:{self.port}"


class NginxVerified(Nginx):
    """The usual web server, and the check that one does by hand."""

    name = "nginx, curl, then sha256sum"
    needs: ClassVar[tuple[str, ...]] = ("nginx", "curl", "sha256sum")

    @override
    def command(self, target: Path) -> Words:
        return ["sh", "-c", '"$@" && sha256sum "$0"', target, *self.curl(target)]


class Scp(Served):
    """Copy by SSH, with keys and a server of its own."""

    name = "scp"
    needs: ClassVar[tuple[str, ...]] = ssh.NEEDS
    hint = ssh.HINT

    @override
    def serve(self) -> Words:
        ssh.make_keys(self.tools, self.home)
        return ssh.server(self.tools, self.home, LOOPBACK, self.port, self.home / "pid")

    @property
    def flags(self) -> Sequence[str]:
        """How to come to the server."""
        return ssh.client_flags(self.home, self.port)

    @property
    def whence(self) -> str:
        """What to copy."""
        return f"{getpass.getuser()}@{LOOPBACK}:{self.source}"

    @override
    def command(self, target: Path) -> Words:
        scp = [self.tools.find("scp"), "-q"]
        folder = ["-r"] if self.source.is_dir() else []
        return [*scp, *folder, *self.flags, self.whence, target]


def rsync_server(tools: Tools, settings: Path, folder: Path, host: Host, port: int) -> Words:
    """
    Write the command of a server of rsync, which stays in the foreground.

    :param settings: the file to write its settings to.
    :param folder: what ``files`` is there, to be read and written.
    """
    # Started by root, it would become the user "nobody", which may not read the lab.
    owner = "uid = root\ngid = root\n" if os.geteuid() == 0 else ""
    module = f"[files]\npath = {folder}\nread only = false\n"
    settings.write_text(f"use chroot = no\n{owner}{module}")
    where = [f"--address={host.address}", f"--port={port}", f"--config={settings}"]
    return [tools.find("rsync"), "--daemon", "--no-detach", *where]


class Rsync(Served):
    """Copy by rsync's own protocol."""

    name = "rsync daemon"
    needs: ClassVar[tuple[str, ...]] = ("rsync",)
    hint = "apt install rsync"

    @override
    def serve(self) -> Words:
        return rsync_server(
            self.tools, self.home / "settings", self.source.parent, self.host, self.port
        )

    @override
    def command(self, target: Path) -> Words:
        whence = f"rsync://{LOOPBACK}:{self.port}/files/{self.source.name}"
        if self.source.is_dir():
            return [self.tools.find("rsync"), "-r", f"{whence}/", f"{target}/"]
        return [self.tools.find("rsync"), whence, target]


class Wormhole(Contender):
    """Magic-wormhole, with a mailbox and a relay of its own; the sender waits already."""

    name = "magic-wormhole"
    needs: ClassVar[tuple[str, ...]] = ("wormhole", "twist")
    hint = "pip install magic-wormhole magic-wormhole-mailbox-server magic-wormhole-transit-relay"

    _fetched = 0

    @override
    def prepare(self) -> None:
        mailbox, relay = self.lab.port(), self.lab.port()
        twist, listen = self.tools.find("twist"), "--port=tcp:{}:interface=127.0.0.1"
        self.lab.start("mailbox", twist, "wormhole-mailbox", listen.format(mailbox))
        self.lab.start("relay", twist, "transitrelay", listen.format(relay))
        url = f"ws://{LOOPBACK}:{mailbox}/v1"
        helper = f"tcp:{LOOPBACK}:{relay}"
        wormhole = self.tools.find("wormhole")
        self._wormhole = [wormhole, "--relay-url", url, "--transit-helper", helper]

    @override
    def fetch(self, target: Path) -> Sample:
        self._fetched += 1
        code = f"{self._fetched}-quiet-benchmark"
        sending: Words = ["send", "--hide-progress", "--code", code, self.source]
        sender = self.lab.start("wormhole", *self._wormhole, *sending)
        self.lab.wait(lambda: code in sender.tail(), _WAIT_SECONDS)
        # It prints the code before its offer has reached the mailbox.
        self.lab.pause(1.0)
        receiving: Words = ["receive", "--hide-progress", "--accept-file", "-o", target, code]
        sample = run(self, sender, [*self._wormhole, *receiving])
        sender.end()
        return sample
