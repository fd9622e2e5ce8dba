"""Talk to etcd through its JSON gateway: any member will do, and several are asked if need be."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, Protocol

import attrs
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IProtocol, IStreamClientEndpoint
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IPolicyForHTTPS, IResponse
from zope.interface import implementer

from p2p_twisted.registry.etcd_gateway import (
    OK,
    Hear,
    NotLoggedIn,
    PassingFault,
    Question,
    StreamReader,
    read_answer,
)
from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.member_race import MemberRace

_LOG_IN: Final = "/v3/auth/authenticate"
_TRY_SECONDS: Final = 0.8
"""For a connection, and for a watch to begin: longer than a healthy member takes."""

_CALL_SECONDS: Final = 3.4
"""Members choose a leader meanwhile, which takes 2 s."""


@attrs.frozen
class EtcdLogin:
    """A user of etcd."""

    user: str
    password: str = attrs.field(repr=False)


class Etcd(Protocol):
    """What the store needs of etcd."""

    async def call(self, path: str, question: Json) -> Json:
        """Ask a question; raises :class:`EtcdFault` within 4 s where there is no answer."""

    async def watch(self, question: Json, hear: Hear) -> None:
        """Hear of what happens, until that ends with an :class:`EtcdFault`."""

    async def close(self) -> None:
        """End all connections."""


class EtcdClient:
    """
    Asks any member of a cluster, on connections that stay.

    :param members: host and port of each.
    :param policy: makes the connections' TLS; without it they are not encrypted.
    """

    def __init__(
        self,
        reactor: Any,
        members: tuple[tuple[str, int], ...],
        *,
        policy: IPolicyForHTTPS | None = None,
        login: EtcdLogin | None = None,
    ) -> None:
        self._reactor = reactor
        scheme = "http" if policy is None else "https"
        self._members = [f"{scheme}://{show_location(*each)}" for each in members]
        self._first = 0
        # Where what happens is heard of, if anywhere, and what ends that.
        self._watched: tuple[int, Deferred[None]] | None = None
        self._login = login
        self._token: str | None = None
        self._pool = HTTPConnectionPool(reactor, persistent=True)
        endpoints = _Endpoints(reactor, policy)
        self._agent = Agent.usingEndpointFactory(reactor, endpoints, self._pool)

    async def call(self, path: str, question: Json) -> Json:
        """
        Ask a question that may be asked twice: a member may have heard it before it failed.

        :raises EtcdFault: when no member answers within 4 s, or etcd refuses.
        """
        ask = partial(self._ask_as_user, path, question)
        race = MemberRace(self._reactor, ask, len(self._members), self._first)
        silent = f"etcd does not answer at {', '.join(self._members)}"
        try:
            return await race.answer(_CALL_SECONDS, silent)
        finally:
            self._prefer(race.asked)

    async def watch(self, question: Json, hear: Hear) -> None:
        """
        Hear of what happens on one connection of its own.

        :raises EtcdFault: when that ends; another call uses another member then.
        :raises Compacted: when what is asked for is not there any more.
        """
        used = self._first
        try:
            begun = Deferred.fromCoroutine(self._send("/v3/watch", question, used))
            begun.addTimeout(_TRY_SECONDS, self._reactor, lambda _given_up, _seconds: _silent())
            response = await begun
            if response.code != OK:
                await read_answer(response, "/v3/watch", question)
            stream = StreamReader(hear)
            response.deliverBody(stream)
            self._watched = used, stream.ended
            await stream.ended
        except _Silent:
            raise PassingFault(f"{self._members[used]} does not answer") from None
        finally:
            self._watched = None
            if self._first == used:
                self._first = (used + 1) % len(self._members)

    async def close(self) -> None:
        """End all connections."""
        await self._pool.closeCachedConnections()

    async def _ask_as_user(self, path: str, question: Json, member: int) -> Json:
        """Ask one member; log in again where it does not know us any more."""
        try:
            return await self._exchange(path, question, member)
        except NotLoggedIn:
            if self._login is None:
                raise
            self._token = None
            return await self._exchange(path, question, member)

    async def _exchange(self, path: str, question: Json, member: int) -> Json:
        return await read_answer(await self._send(path, question, member), path, question)

    async def _send(self, path: str, question: Json, member: int) -> IResponse:
        headers = Headers({"Content-Type": ["application/json"]})
        if self._login is not None:
            token = await self._logged_in(self._login, member)
            headers.setRawHeaders("Authorization", [token])
        return await self._post(path, question, member, headers)

    async def _logged_in(self, login: EtcdLogin, member: int) -> str:
        if self._token is None:
            path, question = _LOG_IN, {"name": login.user, "password": login.password}
            response = await self._post(path, question, member, Headers({}))
            self._token = str((await read_answer(response, path, question))["token"])
        return self._token

    async def _post(self, path: str, question: Json, member: int, headers: Headers) -> IResponse:
        url = self._members[member]
        try:
            posting = self._agent.request(
                b"POST", f"{url}{path}".encode(), headers, Question(question)
            )
            response: IResponse = await posting
        except CancelledError:
            raise
        except ConnectError as error:
            raise PassingFault(f"{url} cannot be reached: {error}") from None
        except Exception as error:
            # Twisted has many for a connection that ends, and OpenSSL for one that is refused.
            why = _in_words(error, url.startswith("https:"))
            raise PassingFault(f"{url} does not answer: {why}") from None
        return response

    def _prefer(self, asked: Sequence[int]) -> None:
        """Ask the last of some members from now on, and hear of nothing at the others."""
        self._first = asked[-1]
        if self._watched is not None:
            member, ended = self._watched
            if member != self._first and member in asked:
                ended.cancel()


@implementer(IAgentEndpointFactory)
@attrs.frozen
class _Endpoints:
    """Makes connections to members as Twisted does by itself, but has nothing logged about each."""

    _reactor: Any
    _policy: IPolicyForHTTPS | None

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Return what connects to a member."""
        host = uri.host.decode("ascii").strip("[]")
        endpoint = HostnameEndpoint(self._reactor, host, uri.port, timeout=_TRY_SECONDS)
        if self._policy is None:
            return _Quiet(endpoint)
        return _Quiet(wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint))


@implementer(IStreamClientEndpoint)
@attrs.frozen
class _Quiet:
    """Connects, and logs nothing."""

    _endpoint: IStreamClientEndpoint

    def connect(self, factory: Any) -> "Deferred[IProtocol]":
        """Connect, as the endpoint does."""
        factory.noisy = False
        connected: Deferred[IProtocol] = self._endpoint.connect(factory)
        return connected


class _Silent(Exception):
    """Takes the place of what a time-out raises."""


def _silent() -> None:
    raise _Silent


def _in_words(error: BaseException, is_encrypted: bool) -> str:
    if reasons := getattr(error, "reasons", None):
        error = reasons[0].value
    match error:
        case SSL.Error(args=[[*_, (_, _, why)]]):
            which = "--etcd-certificate" if "alert" in why else "--etcd-ca"
            return f"{why}: is {which} right?"
        case ConnectionDone() if not is_encrypted:
            return f"{error} If it wants TLS, say --etcd-ca."
        case _:
            return str(error) or type(error).__name__
