"""Rivals that encrypt, and are not commands for that alone."""

import subprocess
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from benchmarks.contenders.commands import NginxVerified, Scp, Words
from benchmarks.lab.hosts import LOOPBACK


class NginxTlsVerified(NginxVerified):
    """The usual web server with TLS 1.3, and the check that one does by hand."""

    name = "nginx with TLS, curl, then sha256sum"
    needs: ClassVar[tuple[str, ...]] = (*NginxVerified.needs, "openssl")
    hint = "apt install nginx-light curl openssl"
    scheme = "https"

    @override
    def serve(self) -> Words:
        making = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        naming = ["-subj", f"/CN={LOOPBACK}", "-addext", f"subjectAltName=IP:{LOOPBACK}"]
        files = ["-keyout", str(self.home / "key"), "-out", str(self.home / "certificate")]
        command = [self.tools.find("openssl"), *making, *naming, *files]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return super().serve()

    @override
    def listen(self) -> str:
        key = f"ssl_certificate {self.home}/certificate; ssl_certificate_key {self.home}/key"
        return f"{super().listen()} ssl; {key}; ssl_protocols TLSv1.3"

    @override
    def curl(self, target: Path) -> Words:
        return [*super().curl(target), "--cacert", self.home / "certificate"]


class RsyncBySsh(Scp):
    """Copy by rsync, through SSH."""

    name = "rsync over ssh"
    needs: ClassVar[tuple[str, ...]] = ("rsync", "ssh", *Scp.needs[1:])
    hint = f"apt install rsync; {Scp.hint}"

    @override
    def command(self, target: Path) -> Words:
        shell = " ".join([self.tools.find("ssh"), *self.flags])
        folder = ["-r"] if self.source.is_dir() else []
        return [self.tools.find("rsync"), *folder, "-e", shell, self.whence, target]
