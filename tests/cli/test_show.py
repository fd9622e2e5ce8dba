"""What a peer has answered, in lines for people."""

import json
import subprocess
import sys
from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api import view_of
from p2p_twisted.cli.show import download_line, left_out, status_lines, transfer_lines
from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.download.progress import Contribution, Progress, Receiving, Saved
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.interface import Status
from p2p_twisted.relay.relay_places import RelayedPair
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.names import PeerAddress
from tests.console.fake_peer import STATUS

PAIR = RelayedPair("s3", "s2", 2_048, 1_024.0)


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

    def test_ipv6(self) -> None:
        """An IPv6 address is told from the port."""
        there = attrs.evolve(STATUS, address=PeerAddress("s1", "fd00::1", 9000))
        self.assertEqual(shown(there)[0], "peer       s2 at [fd00::1]:9000")

    def test_relays(self) -> None:
        """What it relays is told, where it knows that."""
        relaying = attrs.evolve(STATUS, relayed=(PAIR, PAIR), relay_rate=1 << 20)
        line = "relays     2 pairs of peers now, at most 1.0 MiB/s"
        self.assertIn(line, shown(relaying))
        self.assertIn("relays     nothing: off, or --max-up is too slow for it", shown(STATUS))
        earlier = json.loads(view_of.status(relaying).encoded())
        del earlier["relays"], earlier["relay_limit"]
        self.assertNotIn("relays", "".join(status_lines(earlier)))

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


def test_transfers() -> None:
    """Who is not reached directly is named, with how; peers of earlier versions do not tell."""
    hows = (Contribution("s4", 1, 1.0), Contribution("s5", 1, 1.0, "reversed"))
    detour = attrs.evolve(hows[0], how="through s7")
    upload = UploadProgress("s6", "f" * 64, 1_024, 512.0, "reversed")
    for states, ends in (
        ((Receiving(2.0, 1.0, hows), Saved("D/f", 1.0, hows)), ", from s5 (reversed)"),
        ((Receiving(2.0, 1.0, (detour,)),), ", from s4 (through s7)"),
    ):
        for state in states:
            view = view_of.download(Progress(1, "f", "f" * 64, 2, 2, state=state))
            assert download_line(json.loads(view.encoded())).endswith(ends)
    sent = json.loads(view_of.upload("f", upload).encoded())
    told: dict[str, Any] = {"downloads": [], "uploads": [sent]}
    assert list(transfer_lines(told)) == ["<  1.0 KiB of f to s6 (reversed), 512 B/s"]
    del sent["how"]
    assert list(transfer_lines(told)) == ["<  1.0 KiB of f to s6, 512 B/s"]
    pair = json.loads(view_of.relayed(PAIR).encoded())
    told = {"downloads": [], "uploads": [], "relayed": [pair]}
    assert list(transfer_lines(told)) == ["=  2.0 KiB from s2 to s3, relayed, 1.0 KiB/s"]


def test_arrived_short() -> None:
    """What is not all is said to be that, and what older file stays; earlier peers do not tell."""
    whose = (Contribution("s4", 1, 1.0),)
    saved = Saved("/D/proj (1)", 1.0, whose, older=("proj",), unshared=7)
    view = json.loads(view_of.download(Progress(1, "proj", "f" * 64, 2, 2, 3, saved)).encoded())
    told = "; 7 more are not shared by s4; an older proj stays there"
    assert download_line(view).endswith(told)
    assert told.startswith(left_out(view))
    del view["unshared"], view["older"]
    assert download_line(view).endswith("1.00 s)")


def test_missing() -> None:
    """Of many files that are missing the first are named, and how many more there are."""
    view = json.loads(view_of.download(Progress(1, "d", "f" * 64, 2, 1)).encoded())
    view["missing"] = ["d/a", "d/b", "d/c", "d/d", "d/e", "d/f"]
    line = download_line(view)
    assert line.endswith(": nobody shares d/a, d/b, d/c and 3 more")
    view["changed"] = [{"name": f"d/{letter}", "peer": "s4"} for letter in "abcd"]
    told = (": nobody shares d/e, d/f", "s4 has changed d/a", "s4 has changed d/b")
    line = download_line(view)
    assert line.endswith("; ".join((*told, "s4 has changed d/c and 1 more")))


def test_imports_little() -> None:
    """Commands that end at once need nothing that takes long to show what a peer says."""
    slow = {"attr", "msgspec", "twisted"}
    what = f"import sys, p2p_twisted.cli.show; sys.exit(not {slow}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", what], check=False).returncode == 0
