"""What a peer has answered, in lines for people."""

import json

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api import view_of
from p2p_twisted.cli.show import status_lines
from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.interface import Status
from tests.console.fake_peer import STATUS


def shown(status: Status) -> list[str]:
    return list(status_lines(json.loads(view_of.status(status).encoded())))


class StatusLinesTests(SynchronousTestCase):
    """A peer at a glance."""

    def test_registry(self) -> None:
        """What is wrong with the registry is a line of its own, however long."""
        network = "network    default, registry 127.0.0.1:9011"
        self.assertEqual(shown(STATUS)[1:3], [network, "neighbors  s10 s3"])
        for fault, text in (
            (None, "the registry does not know this peer"),
            ("it is away (is it on?)", "it is away (is it on?)"),
        ):
            lost = attrs.evolve(STATUS, registered=False, registry_fault=fault)
            self.assertEqual(shown(lost)[1:3], [network, f"           {text}"])

    def test_private(self) -> None:
        """What a member of a private network is has a line of its own."""
        certificate = CertificateStatus(True, ("lab",), 1_800_000_000.0)
        lines = shown(attrs.evolve(STATUS, certificate=certificate))
        self.assertEqual(lines[1], "network      default, private, registry 127.0.0.1:9011")
        until = date_text(1_800_000_000.0)
        self.assertEqual(lines[2], f"certificate  admin, in lab, until {until}, renewed by itself")

    def test_unshared(self) -> None:
        """Why names are not shared is told; of very many, of the first."""
        few = attrs.evolve(STATUS, excluded=1)
        self.assertEqual(shown(few)[-1], "not shared: a:b: a name may not have ':'")
        names = tuple((f"{number}:\udcff", "it is odd") for number in range(1_000))
        *_, last, more = shown(attrs.evolve(STATUS, unshared=names, excluded=8_000))
        self.assertEqual(last, "not shared: 19:\\udcff: it is odd")
        self.assertEqual(more, "and 7,980 more that are not shared")
