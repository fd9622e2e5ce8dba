"""Answer one request to the registry on one connection."""

from twisted.logger import Logger

from p2p_twisted.registry import limits
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Question
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Bye,
    Error,
    Join,
    Leave,
    Message,
    Renew,
    Report,
    Welcome,
)
from p2p_twisted.wire.session import Session


class RegistrySession(Session):
    """
    Answers one request, and closes.

    A person who does not know the flag has three tries.
    """

    log = Logger()

    unknown_verb_hint = "send a valid flag: P2P"

    def __init__(self, connection: Connection, registry: Registry) -> None:
        self._connection = connection
        self._registry = registry
        self._is_asked = False

    def received(self, message: Message) -> None:
        """Have a request answered; ignore what follows it."""
        if self._is_asked:
            return
        match message:
            case Join() | Renew() | Leave() | Report():
                self._is_asked = True
                self.keeps_half_open = True
                background(self.log, "answering", self._answer(message, self._connection.host))
                # Unless it is answered already.
                self._connection.set_deadline(limits.REQUEST_SECONDS)
            case Error() | Bye():
                self._connection.close()
            case _:
                raise ProtocolError(
                    f"{message.verb} is for peers; a registry takes P2P, RENEW, LEAVE and REPORT"
                )

    async def _answer(self, question: Question, host: str) -> None:
        try:
            answer = await self._registry.answer(question, host)
            is_sent = self._connection.send(answer)
        finally:
            self._connection.close()
        if (
            isinstance(answer, Welcome)
            and isinstance(question, Join)
            and answer.token != question.token
            and not is_sent
        ):
            # The answer did not get out, so nobody knows of this registration.
            await self._registry.answer(Leave(answer.name, answer.token), host)
