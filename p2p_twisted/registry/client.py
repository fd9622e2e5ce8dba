"""Ask a registry, as its peers do."""

from collections.abc import Coroutine
from typing import Any, Final, Literal, TypeVar

import attrs

from p2p_twisted.registry.asking import Asking, Deadlines
from p2p_twisted.registry.one_shot import IsPart, NoAnswer, NoGreeting, nothing_before, request
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.registry.registry_places import Location, RegistryPlaces
from p2p_twisted.registry.unreachable import explain
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.trust.limits import REVOCATIONS_AT_ONCE
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.messages import (
    PROTOCOL,
    Bye,
    Certified,
    Certify,
    Error,
    Hello,
    Invited,
    Join,
    Leave,
    Listed,
    ListRecords,
    MakeInvite,
    Message,
    Renew,
    Report,
    Revoked,
    Void,
    Welcome,
)
from p2p_twisted.wire.names import NetworkName, PeerAddress, PeerName, Token

_NOT_BELIEVED: Final = (
    "the registry does not believe this peer's certificate: asking it for another one"
)
_ROLE: Literal["registry"] = "registry"

A = TypeVar("A", bound=Message)


@attrs.frozen
class RegistryClient:
    """
    Asks a registry, on a new connection each time, for at most 10 s.

    Where there are several, another one is asked if one cannot help at the moment. Every method
    raises :class:`RegistryRefused` or :class:`RegistryUnreachable`.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``; dials from the address that the
        registry is to know.
    :param network: a registry of another network gets no byte.
    :param security: what the dialer encrypts with, in a private network.
    """

    reactor: Dialer
    places: RegistryPlaces
    network: NetworkName
    security: TlsSecurity | None = attrs.field(default=None, kw_only=True)

    async def join(self, join: Join) -> Welcome:
        """Register: name and place are reserved for 10 s, until the first :meth:`renew`."""
        return await self._ask(join, Welcome)

    async def renew(self, name: PeerName, token: Token, dial: bool = False) -> Welcome:
        """
        Extend the lease; the first time, this also says that the peer listens.

        :param dial: whether the registry is to see if it can reach the peer.
        """
        return await self._ask(Renew(name, token, dial), Welcome)

    async def leave(self, name: PeerName, token: Token) -> None:
        """End the lease."""
        await self._ask(Leave(name, token), Bye)

    async def report(self, peer: PeerAddress) -> None:
        """Report that a neighbor died; the registry checks that itself."""
        await self._ask(Report(peer), Bye)

    async def certify(self, certify: Certify) -> Certified:
        """Have another certificate made for a new key."""
        return await self._ask(certify, Certified)

    async def invite(self, terms: MakeInvite) -> str:
        """Have an invite made; return its code."""
        return (await self._ask(terms, Invited)).code

    async def void(self, invite: str) -> None:
        """Have an invite let nobody in any more."""
        await self._ask(Void(invite), Bye)

    async def records(self, asked: ListRecords) -> Listed:
        """List who is a member, or which invites are open: some at a time."""
        return await self._ask(asked, Listed)

    async def compare(self, revoked: Revoked) -> list[Revoked]:
        """
        Tell whose certificates do not count any more, or compare what is known of that.

        :returns: what the registry knows, where it was to compare and knows something else.
        """
        told: list[Revoked] = []

        def is_part(message: Message) -> bool:
            if not isinstance(message, Revoked) or len(told) >= REVOCATIONS_AT_ONCE:
                return False
            told.append(message)
            return True

        await self._ask(revoked, Bye, is_part)
        return told

    async def _ask(self, question: Message, kind: type[A], is_part: IsPart = nothing_before) -> A:
        def ask(place: Location, deadlines: Deadlines) -> Coroutine[Any, Any, A]:
            return self._ask_at(place, question, kind, is_part, deadlines)

        # By its token, all registries know it as one.
        is_known_again = isinstance(question, Join) and question.token is not None
        asking = Asking(self.reactor, self.places, ask, overlaps=is_known_again)
        return await asking.answer(await self.places.in_turn(self.reactor.seconds()))

    async def _ask_at(
        self,
        place: Location,
        question: Message,
        kind: type[A],
        is_part: IsPart,
        deadlines: Deadlines,
    ) -> A:
        host, port = place
        expected = Hello(PROTOCOL, _ROLE, _ROLE, self.network)
        try:
            answer = await request(
                self.reactor,
                host,
                port,
                expected,
                deadlines.answers,
                question=question,
                is_part=is_part,
                greets_within=deadlines.greets,
            )
        except NoAnswer as error:
            why = explain(error, host, port, self.network, self.security is not None)
            if isinstance(error, NoGreeting) and self.security is not None:
                why = self.security.date_fault() or why
            raise RegistryUnreachable(why) from None
        match answer:
            case Error(reason, code, certify, within):
                if certify and self.security is not None:
                    self.security.distrust()
                    reason = _NOT_BELIEVED
                raise RegistryRefused(code, reason, within)
            case kind():
                return answer
            case _:
                raise RegistryUnreachable(
                    f"{host}:{port} answers {question.verb} with {answer.verb}"
                )
