"""``twistd -n p2ppeer --name s1``: a peer, with a console where standard input is for one."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

from twisted.application.service import IService, MultiService
from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted.api.service import ApiService
from p2p_twisted.api.socket_index import Suffix, make_socket_folder, socket_place, user_at
from p2p_twisted.bandwidth.rates import BadRate, Rates, read_rate
from p2p_twisted.console.attached import ConsoleSocket
from p2p_twisted.console.history_file import HistoryFile
from p2p_twisted.console.service import ConsoleService
from p2p_twisted.gateway.gateway_options import GatewayOptions, make_peer_api
from p2p_twisted.library.inotify import watcher_for
from p2p_twisted.peer.accept_options import AcceptOptions
from p2p_twisted.peer.auto_registry import AUTO, registries_of
from p2p_twisted.peer.build import PeerBuilder
from p2p_twisted.peer.coming_in import membership
from p2p_twisted.peer.directories import check_groups, read_directories, read_shares
from p2p_twisted.peer.own_name import ask_name, read_name
from p2p_twisted.peer.own_options import (
    read_host,
    read_relay,
    read_results,
    read_stop,
    read_transfers,
)
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.peer_threads import peer_threads
from p2p_twisted.peer.private_part import private_part
from p2p_twisted.peer.reach import BadReach, NoWay, decide_reach_of_all
from p2p_twisted.peer.repeatable_options import RepeatableOptions
from p2p_twisted.peer.service import PeerService
from p2p_twisted.peer.settings import Settings
from p2p_twisted.registry.joining_private import CannotJoin
from p2p_twisted.runtime.daemonlog import rotated
from p2p_twisted.runtime.exit_code import ExitCode
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.process_setup import prepare
from p2p_twisted.runtime.restart import was_given
from p2p_twisted.runtime.twistd import NotNow

USUAL_NETWORK: Final = "default"


class Options(RepeatableOptions, AcceptOptions, GatewayOptions):
    """Options of ``p2ppeer``."""

    synopsis = "[options]"
    ended_by = "p2p leave --peer {name}"

    optParameters = [
        ["name", None, None, "Who this is; asked for on a terminal."],
        ["join", None, None, "Come into a private network by an invite: its code, @FILE or -."],
        [
            "registry",
            None,
            AUTO,
            "Where the registry listens: HOST:PORT; several are separated by commas, or said one by"
            " one. auto is where it was last, or on this machine, or heard on its network, with"
            " --insecure-lan.",
        ],
        ["directory", None, None, "What to share; ./NAME by default, which is made."],
        [
            "share",
            None,
            None,
            "Share a directory, too, in a folder: NAME=DIR; with a group alone: @NAME=DIR.",
        ],
        ["downloads", None, None, "Where downloads land; Downloads below that by default."],
        [
            "state",
            None,
            None,
            "Where this peer keeps its own files; .p2p in what it shares by default, which then"
            " must not be read-only.",
        ],
        [
            "interface",
            None,
            None,
            "The IP address of this machine to listen on; loopback by default, and with"
            " --insecure-lan the one from which the registry is reached.",
        ],
        ["advertise", None, None, "The IP address to give to others, where it is another one."],
        ["network", None, USUAL_NETWORK, "The name of the network."],
        [
            "max-up",
            None,
            None,
            "The most to send a second: 10M, 1.5M, 500K (of 1024 bytes); what limit was set to"
            " last by default, and at first unlimited.",
        ],
        ["max-down", None, None, "The most to receive a second, likewise."],
        ["max-transfers", None, None, "How many files to send and to receive at a time; 32 and 8."],
        [
            "relay",
            None,
            None,
            "The most to relay a second, for all that cannot reach each other, or off; by default"
            " for neighbors, and then a tenth of --max-up and 10M at most.",
        ],
        [
            "stop",
            None,
            None,
            "Whose Stop ends this peer, too: anyone, admins or never; by default anyone on this"
            " machine alone, admins in a private network, and otherwise nobody.",
        ],
        ["results", None, None, "Write ok or failed to this descriptor after each console line."],
    ]
    optFlags = [
        ["insecure-lan", None, "Talk to other machines, though nothing is encrypted."],
        ["leave-at-end", None, "Leave at the end of the input, also if that is not a terminal."],
        ["once", None, "There is no next run: what is not complete at the end is removed then."],
        ["reshare", None, "Let others have what this peer has downloaded."],
        ["no-times", None, "Give downloads the time of their arrival, not of their originals."],
    ]

    @override
    def stem(self) -> str:
        return f"p2ppeer-{self['name']}"

    @override
    def postOptions(self) -> None:
        self["name"] = ask_name() if self["name"] is None else read_name(self["name"])
        for option in ("interface", "advertise"):
            if self[option] is not None:
                self[option] = read_host(option, self[option])
        self["network"] = read_name(self["network"], "--network, which is called as a peer is")
        self._read_directories()
        self._read_membership()
        self["stop"] = read_stop(self["stop"], bool(self["member"]))
        self["results"] = read_results(self)
        self._read_limits()
        self._read_reach()
        super().postOptions()

    def own_files(self) -> tuple[Path, ...]:
        """List the files that twistd writes for this peer, as absolute paths."""
        named = [self.parent.get(each) for each in ("logfile", "pidfile")] if self.parent else []
        paths = [Path(each).absolute() for each in named if each not in (None, "", "-")]
        return (*(log for path in paths for log in (path, *rotated(path))), *self.event_files())

    def _read_directories(self) -> None:
        found = read_directories(self["name"], self["directory"], self["downloads"], self["state"])
        self["directory"], self["downloads"] = found.shared, found.downloads
        self["state"] = found.state
        self["shares"] = read_shares(self["share"], found)

    def _read_membership(self) -> None:
        """Come into a private network, or be what this peer is there."""
        try:
            who = self["join"], self["name"], self["state"], bool(self["once"])
            is_said = was_given("--join")
            self["member"] = member = membership(*who, is_said=is_said, conceals=bool(self.parent))
        except CannotJoin as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(error.exit) from None
        check_groups(self["shares"], member)
        if member:
            if self["insecure-lan"]:
                raise UsageError("this peer is in a private network: leave --insecure-lan away")
            if self["network"] not in (USUAL_NETWORK, member.network):
                raise UsageError(
                    f"this peer is in the private network {member.network}: leave --network away,"
                    " or say another --directory"
                )
            self["network"] = member.network

    def _read_limits(self) -> None:
        self["max-transfers"] = read_transfers(self["max-transfers"])
        try:
            given = [way for way in ("up", "down") if self[f"max-{way}"] is not None]
            rates = Rates(**{way: read_rate(self[f"max-{way}"]) for way in given})
            self["max-transfers"].check(rates)
        except BadRate as error:
            raise UsageError(f"--max-up, --max-down: {error}") from None
        self["rates"], self["given-rates"] = rates, frozenset(given)
        self["relay"] = read_relay(self["relay"])

    def _read_reach(self) -> None:
        """Decide where to listen; refuse what would be unsafe, or could not work."""
        try:
            allows_lan = bool(self["insecure-lan"] or self["member"])
            reach = decide_reach_of_all(registries_of(self), self["interface"], allows_lan)
        except KeyboardInterrupt:
            # While a name was looked up; as a shell reports it.
            raise SystemExit(130) from None
        except NoWay as error:
            raise NotNow(str(error)) from None
        except BadReach as error:
            raise UsageError(str(error)) from None
        self["interface"], self["registries"] = reach.interface, reach.registries
        self["is-guessed"] = reach.is_guessed


def _settings(options: Options) -> Settings:
    return Settings(
        name=options["name"],
        directory=options["directory"],
        state=options["state"],
        own_files=options.own_files(),
        shares=options["shares"],
        downloads=options["downloads"],
        network=options["network"],
        interface=options["interface"],
        is_guessed=options["is-guessed"],
        registries=options["registries"],
        advertise=options["advertise"],
        rates=options["rates"],
        given_rates=options["given-rates"],
        at_once=options["max-transfers"],
        relay=options["relay"],
        reshares=bool(options["reshare"]),
        stop=options["stop"],
        accept=options["accept"],
        keeps_times=not options["no-times"],
        has_next_run=not options["once"],
    )


def _context(
    options: Options, reactor: Any, daemon: MultiService, announce: Callable[[str], None]
) -> PeerContext:
    """Make what the peer is given; its threads run as long as the daemon."""
    pool, disks = peer_threads(reactor, daemon, options["name"])
    return PeerContext(
        private=private_part(options["member"], reactor, options["state"], pool),
        settings=_settings(options),
        reactor=reactor,
        rng=SystemRandom(),
        offload=pool,
        disks=disks,
        watcher_for=lambda *args: watcher_for(reactor, *args),
        announce=announce,
        stopped=reactor.stop,
    )


def makeService(options: Options, reactor: Any = None) -> IService:
    """Build the peer and its console; nothing is opened before they start."""
    if reactor is None:
        from twisted.internet import reactor

    exit_code = ExitCode(lambda: reactor.stop())
    prepare(reactor)
    daemon = MultiService()

    def announce(text: str) -> None:
        console.announce(text)
        attached.announce(text)

    def give_up(reason: str, code: Exit) -> None:
        exit_code.give_up(reason, code, is_shown=console.show_failure(reason))

    builder = PeerBuilder(_context(options, reactor, daemon, announce))
    options.add_services(daemon, reactor)
    peer = builder.build()
    for service in builder.network.member_services(looks_around=options["registry"] == AUTO):
        service.setServiceParent(daemon)
    log_file = options.parent and options.parent.get("logfile")
    greeting = [f"its log is in {log_file}"] if log_file else []
    links = options.add_links(daemon, builder)
    console = ConsoleService(
        reactor,
        peer,
        options["name"],
        exit_code.end,
        links=links,
        greeting=greeting,
        verdicts_fd=options["results"],
        history=HistoryFile(peer.state.folder),
        leaves_at_end=bool(options["leave-at-end"]),
        has_next_run=not options["once"],
    )
    attached = ConsoleSocket(
        reactor,
        lambda: socket_place(make_socket_folder(), options["name"], Suffix.CONSOLE),
        console.config,
        lambda: HistoryFile(peer.state.folder),
        lambda transport: user_at(transport.socket) in (0, os.getuid()),
    )
    attached.setServiceParent(daemon)
    make_api = partial(make_peer_api, peer, links, reactor, lambda: exit_code.end(Exit.DONE))
    api = ApiService(reactor, make_api, options["name"], web=options.web_access())
    options.add_recording(daemon, reactor, "peer", api)
    PeerService(reactor, peer, announce, give_up).setServiceParent(daemon)
    console.setServiceParent(daemon)
    api.setServiceParent(daemon)
    options.add_gateway(daemon, builder, announce)
    return daemon
