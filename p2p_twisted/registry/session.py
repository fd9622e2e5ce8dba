"""Answer one request to the registry on one connection."""

from collections.abc import Coroutine
from typing import Any

import attrs
from twisted.logger import Logger

from p2p_twisted.registry import limits
from p2p_twisted.registry.enrollment import Enrollment, PrivateQuestion
from p2p_twisted.registry.refusals import UNCERTIFIED, at_host
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Question
from p2p_twisted.runtime.background import background
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Bye,
    Certify,
    Enroll,
    Error,
    Join,
    Leave,
    ListRecords,
    MakeInvite,
    Message,
    Renew,
    Report,
    Revoked,
    Void,
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

    def __init__(
        self, connection: Connection, registry: Registry, enrollment: Enrollment | None = None
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._enrollment = enrollment
        self._is_asked = False

    def received(self, message: Message) -> None:
        """Have a request answered; ignore what follows it."""
        if self._is_asked:
            return
        is_newcomer = self._enrollment is not None and self._connection.gate.other_end is None
        if is_newcomer and not isinstance(message, Enroll | Certify | Error | Bye):
            self._connection.refuse(UNCERTIFIED)
            return
        match message:
            case Enroll() | Certify() | MakeInvite() | Void() | ListRecords() | Revoked() if (
                self._enrollment is not None
            ):
                self._begin(self._certify(message, self._enrollment))
            case Join() | Renew() | Leave() | Report():
                self._begin(self._answer(message, self._connection.host))
            case Error() | Bye():
                self._connection.close()
            case _:
                raise ProtocolError(
                    f"{message.verb} is for peers; a registry takes P2P, RENEW, LEAVE and REPORT"
                )

    def _begin(self, answering: Coroutine[Any, Any, None]) -> None:
        self._is_asked = True
        self.keeps_half_open = True
        background(self.log, "answering", answering)
        # Unless it is answered already.
        self._connection.set_deadline(limits.REQUEST_SECONDS)

    async def _certify(self, asked: PrivateQuestion, enrollment: Enrollment) -> None:
        other_end = self._connection.gate.other_end
        identity = other_end if isinstance(other_end, Identity) else None
        if isinstance(asked, Enroll) and (refusal := self._refusal_of(asked)) is not None:
            self._connection.refuse(refusal)
            return
        try:
            if isinstance(asked, Revoked):
                for line in enrollment.differing(asked):
                    self._connection.send(line)
            self._connection.send(await enrollment.answer(asked, identity, self._connection.host))
        finally:
            self._connection.close()

    def _refusal_of(self, asked: Enroll) -> Error | None:
        """Return why a newcomer could not register: then its invite must not be used up."""
        host, policy = self._connection.host, self._registry.policy
        if asked.name == REGISTRY or policy.believes_advertised:
            return None
        return at_host(host, host, is_open=policy.is_open, is_private=policy.is_private)

    async def _answer(self, question: Question, host: str) -> None:
        try:
            answer = await self._registry.answer(question, host)
            if self._enrollment is not None and isinstance(answer, Welcome):
                said = self._enrollment.digest(), self._enrollment.stop()
                answer = attrs.evolve(answer, revoked=said[0], stop=said[1])
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
