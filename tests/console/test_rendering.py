"""Answers of the peer, as lines."""

import re

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.commands import Misused
from p2p_twisted.console.parsing import COMMANDS, find_entry, parse
from p2p_twisted.console.rendering import (
    command_lines,
    found_lines,
    group_hits,
    help_lines,
    peers_lines,
    status_lines,
    topology_lines,
)
from p2p_twisted.console.text import TOLD_IN_PART
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.interface import Found
from p2p_twisted.relay.relay_places import RelayedPair
from tests.console.fake_peer import OTHER_FILE, STATUS, found, hit, topology


def shown(answer: Found) -> list[str]:
    """Write what a search brought."""
    return list(found_lines(answer, group_hits(answer.hits)))


class TopologyTests(SynchronousTestCase):
    """The network in text."""

    def test_lines(self) -> None:
        """One line per peer in natural order, then the sums; one-sided links do not count."""
        network = topology(s10="s2", s2="s10 s1 s3", s1="s2", s3="")
        self.assertEqual(
            list(topology_lines(network)),
            ["s1 : s2", "s2 : s1 s3 s10", "s3 :", "s10 : s2", "4 peers, 2 links, 0.04 s"],
        )

    def test_silent(self) -> None:
        """Silent peers are named."""
        network = attrs.evolve(topology(s1=""), silent=("s10", "s9"))
        self.assertEqual(
            list(topology_lines(network))[-1], "1 peer, 0 links, 0.04 s; no answer from s9, s10"
        )

    def test_many_silent(self) -> None:
        """Of very many silent ones a few are named."""
        network = attrs.evolve(topology(s1=""), silent=tuple(f"s{n}" for n in range(2, 1_202)))
        self.assertTrue(list(topology_lines(network))[-1].endswith("s20, s21 and 1,180 more"))

    def test_very_many(self) -> None:
        """Of very many peers the first are shown; how many there are is said."""
        network = topology(**{f"s{number}": "s1" for number in range(1_000, 0, -1)})
        for lines in (list(topology_lines(network)), list(peers_lines(network, "s1", []))):
            self.assertEqual([line.split()[0] for line in (lines[0], lines[199])], ["s1", "s200"])
            self.assertEqual(lines[200], "... and 800 more")
            self.assertTrue(lines[201].startswith("1,000 peers, "))
            self.assertEqual(len(lines), 202)

    def test_peers(self) -> None:
        """The list of peers says which ones are near."""
        self.assertEqual(
            list(peers_lines(topology(s1="s2 s3", s2="s1", s3=""), "s1", ["s2"])),
            [
                "s1  this peer  2 links",
                "s2  neighbor   1 link",
                "s3             0 links",
                "3 peers, 0.04 s",
            ],
        )


class FoundTests(SynchronousTestCase):
    """Hits in text."""

    def test_one_offer_for_the_same_content(self) -> None:
        """Holders of one content are in one line; other content of that name is another."""
        answer = found(hit("s4"), hit("s5", file=OTHER_FILE, size=5_000_000), hit("s6"))
        self.assertEqual(
            shown(answer),
            [
                "1  f1.txt  2.0 KiB  9f2c41d07ae1c8b2  s4 s6",
                "2  f1.txt  4.8 MiB  00aa41d07ae1c8b2  s5",
                "2 files, asked 7 of 7 peers, 0.03 s",
            ],
        )

    def test_no_id_yet(self) -> None:
        """What has no id yet is being hashed, or still being written to."""
        answer = found(hit(file=None, hashed=45), hit("s5", file=None, growing=True))
        states = [line.split("KiB")[1].strip() for line in shown(answer)[:2]]
        self.assertEqual(states, ["hashing 45 %      s4", "being written to  s5"])

    def test_very_many(self) -> None:
        """Of very many files the first are shown; how many there are is said."""
        lines = shown(found(*(hit("s4", f"f{n}", file=f"{n:064x}") for n in range(1_000))))
        self.assertEqual(lines[199].split()[:2], ["200", "f199"])
        self.assertEqual(lines[200], "... and 800 more")
        self.assertTrue(lines[201].startswith("1,000 files, "))
        self.assertEqual(len(lines), 202)

    def test_kinds_of_one_content(self) -> None:
        """A peer that calls a file a folder does not change other peers' hits of it."""
        self.assertEqual(len(group_hits([hit(peer="a", kind="folder"), hit(peer="b")])), 2)

    def test_names_of_one_content(self) -> None:
        """One content under two names is two lines: a person looks for names."""
        self.assertEqual(len(group_hits([hit(name="a.txt"), hit(name="b.txt")])), 2)

    def test_hashing(self) -> None:
        """A file that is not hashed yet shows the progress of each holder."""
        lines = shown(found(hit("s4", file=None, hashed=40), hit("s5", file=None, hashed=50)))
        self.assertEqual(lines[0], "1  f1.txt  2.0 KiB  hashing 40 %  s4")
        self.assertEqual(lines[1], "2  f1.txt  2.0 KiB  hashing 50 %  s5")

    def test_folder_and_many_holders(self) -> None:
        """A folder ends in a slash; of many holders a few are named."""
        answer = found(*(hit(f"s{n}", name="docs", kind="folder") for n in range(1, 9)))
        self.assertEqual(shown(answer)[0], "1  docs/  2.0 KiB  9f2c41d07ae1c8b2  s1 s2 s3 s4 s5 +3")

    def test_kinds(self) -> None:
        """Folders are counted as such."""
        folder, file = hit(name="docs", kind="folder"), hit()
        for hits, counts in [((folder,), "1 folder,"), ((folder, file), "1 folder, 1 file,")]:
            self.assertTrue(shown(found(*hits))[-1].startswith(counts))

    def test_counts(self) -> None:
        """Peers that did not answer are named; a list of this peer's own files asked none."""
        answer = found(asked=7, answered=6, silent=("s3",))
        self.assertEqual(shown(answer), ["0 files, asked 6 of 7 peers, 0.03 s; no answer from s3"])
        self.assertEqual(shown(found(asked=0, answered=0)), ["0 files, 0.03 s"])

    def test_cut(self) -> None:
        """What had no time to be looked for is not called nothing."""
        lines = shown(attrs.evolve(found(), is_cut=True))
        self.assertEqual(lines[0], "0 files, asked 7 of 7 peers, 0.03 s")
        self.assertEqual(lines[1], TOLD_IN_PART)


class StatusTests(SynchronousTestCase):
    """A peer at a glance, in text."""

    def test_reach(self) -> None:
        """Whether others can reach it is told once it is known."""
        for reachable, told in (
            (True, ["reach      others can dial this peer"]),
            (
                False,
                ["reach      others cannot dial this peer: a firewall? let ports 9000-9009 in"],
            ),
            (None, []),
        ):
            lines = list(status_lines(attrs.evolve(STATUS, reachable=reachable)))
            self.assertEqual([line for line in lines if line.startswith("reach")], told)

    def test_private(self) -> None:
        """What a member of a private network is, until when, and whether that will go on."""
        until = date_text(1_800_000_000.0)
        for certificate, text in (
            (
                CertificateStatus(False, (), 1_800_000_000.0),
                f"member, until {until}, renewed by itself",
            ),
            (
                CertificateStatus(True, ("lab", "office"), 1_800_000_000.0, "it is away"),
                f"admin, in lab office, until {until}, and cannot be renewed: it is away",
            ),
        ):
            lines = list(status_lines(attrs.evolve(STATUS, certificate=certificate)))
            self.assertEqual(lines[1], "network      default, private")
            self.assertEqual(lines[2], f"certificate  {text}")

    def test_lines(self) -> None:
        """All figures, and everything that is not as it should be."""
        lost = attrs.evolve(STATUS, registered=False, rates=Rates(up=2 << 20))
        self.assertEqual(
            list(status_lines(lost)),
            [
                "peer       s2@127.0.0.1:9002",
                "network    default",
                "neighbors  2: s3@127.0.0.1:9003, s10@127.0.0.1:9010",
                "registry   127.0.0.1:9011 (not registered now)",
                "directory  s2 (12 files, 2.9 MiB, 1 still being hashed)",
                "downloads  s2/Downloads",
                "limits     up 2.0 MiB/s, down unlimited",
                "moved      0 B sent, 0 B received",
                "relays     nothing: off, or --max-up is too slow for it",
                "up for     1:01",
                "not shared: a:b: a name may not have ':'",
            ],
        )

    def test_relays(self) -> None:
        """What is relayed now, and how fast that may be."""
        pair = RelayedPair("s3", "s2", 2_048, 1_024.0)
        for pairs, said in (((), "0 pairs"), ((pair,), "1 pair")):
            status = attrs.evolve(STATUS, relayed=pairs, relay_rate=100 << 20)
            lines = list(status_lines(status))
            self.assertIn(f"relays     {said} of peers now, at most 100.0 MiB/s", lines)

    def test_very_many_unshared(self) -> None:
        """Of what is not shared the first are shown; how many there are is said."""
        unshared = tuple((f"{n}:", "no") for n in range(1_000))
        lines = list(status_lines(attrs.evolve(STATUS, unshared=unshared, excluded=8_000)))
        self.assertEqual(lines[-1], "... and 7,800 more")

    def test_alone(self) -> None:
        """A peer that has not joined has neither address nor neighbors."""
        lines = list(status_lines(attrs.evolve(STATUS, address=None, neighbors=())))
        self.assertEqual(lines[0], "peer       s2 (not in a network yet)")
        self.assertEqual(lines[2], "neighbors  none")

    def test_reshared(self) -> None:
        """If downloads are shared, their number is shown."""
        lines = list(status_lines(attrs.evolve(STATUS, reshared=1)))
        self.assertIn("downloads  s2/Downloads (1 file, shared, too)", lines)


class HelpTests(SynchronousTestCase):
    """The table of commands in text."""

    def test_all(self) -> None:
        """Every command is there, with what it does."""
        text = "\n".join(help_lines(lists_all=True))
        for entry in COMMANDS:
            self.assertRegex(text, rf"\n{re.escape(entry.usage)} +{re.escape(entry.does)}\n")

    def test_one_screen(self) -> None:
        """Without more, what is used most fits on a small terminal, and the others are named."""
        lines = list(help_lines(width=80))
        self.assertLessEqual(sum(1 + len(line) // 80 for line in lines), 22)
        self.assertTrue(lines[0].startswith("NAME "))
        words = re.findall(r"[\w]+", "\n".join(lines))
        self.assertLessEqual({entry.words[0] for entry in COMMANDS}, {*words})

    def test_one(self) -> None:
        """One command, with its other names."""
        quitting = find_entry("quit")
        assert quitting is not None
        self.assertEqual(
            list(command_lines(quitting)),
            ["leave", "  leave the network; the others go on", "  also: quit, exit"],
        )

    def test_examples(self) -> None:
        """A command that takes something says what, with examples that can be typed."""
        for entry in COMMANDS:
            lines = list(command_lines(entry))
            for example in entry.examples:
                self.assertIn(f"    {example}", lines)
                self.assertNotIsInstance(parse(example), Misused)
