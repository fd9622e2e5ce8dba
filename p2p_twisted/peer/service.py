"""Run a peer as a service: it starts, joins, and leaves when it is stopped."""

import errno
import os
from collections.abc import Callable
from typing import Final

from twisted.application.service import Service
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.settings import STATE_DIRECTORY
from p2p_twisted.registry.refusals import RegistryRefused
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.service_manager import notify
from p2p_twisted.runtime.tasks import within
from p2p_twisted.storage.state import StateInUse

_NO_WRITING: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_READY_SECONDS: Final = 8.0
"""How long a peer that has joined waits for its library before it calls itself ready."""


class PeerService(Service):
    """
    Starts a peer, has it join, and has it leave in the end.

    :param announce: is told what a person should know.
    :param give_up: ends the daemon, with the reason why it cannot go on, and the exit code.
    """

    log = Logger()
    name = "peer"

    def __init__(
        self,
        reactor: Reactor,
        peer: Peer,
        announce: Callable[[str], None],
        give_up: Callable[[str, Exit], None],
    ) -> None:
        self._reactor = reactor
        self._peer = peer
        self._announce = announce
        self._give_up = give_up

    @override
    def startService(self) -> None:
        """
        Begin to share and to join.

        :raises CannotStart: when the directory cannot be used.
        """
        super().startService()
        try:
            self._peer.open()
        except StateInUse as error:
            raise CannotStart(str(error), Exit.CONFLICT) from error
        except OSError as error:
            why = f"the peer's directory cannot be used: {in_words(error)}{_cure(error)}"
            raise CannotStart(why, Exit.DISK) from error
        self._reactor.callWhenRunning(self._begin)

    @override
    async def stopService(self) -> None:
        super().stopService()
        await self._peer.leave()

    def _begin(self) -> None:
        background(self.log, "joining", self._join())

    async def _join(self) -> None:
        try:
            me = await self._peer.join()
        except RegistryRefused as error:
            code = Exit.CONFLICT if error.code == "taken" else Exit.REFUSED
            self._give_up(f"the registry refuses us: {error}", code)
            return
        status = self._peer.status()
        if status.registered:
            self.log.info("joined as {me}", me=str(me))
            where = f", in the private network {status.network}" if status.certificate else ""
            self._announce(f"joined as {me.name} on port {me.port}{where}")
        else:
            self.log.info("listening as {me} again, not registered", me=str(me))
            self._announce(f"listening as {me.name} on port {me.port} again, but not registered")
        await within(_READY_SECONDS, self._peer.settled(), self._reactor)
        status = self._peer.status()
        notify(f"READY=1\nSTATUS={me}, sharing {status.files} files")


def _cure(error: OSError) -> str:
    """Say, behind what the system refused, which option helps."""
    if error.errno not in _NO_WRITING:
        return ""
    if os.path.basename(error.filename or "") == STATE_DIRECTORY:
        return "; --state keeps its own files elsewhere"
    return "; --directory names another one"
