"""Ask a hub on the Internet, which may say anything, at any length, or nothing."""

import json
from collections.abc import Awaitable
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IResponse
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.upload_body import UploadBody
from p2p_twisted.gateway import limits
from p2p_twisted.peer_errors import NotFound, PeerError

_MOVED: Final = (301, 302, 303, 307, 308)
_OK: Final = 200
_NO_SUCH_THING: Final = (401, 403, 404)
_PROGRAM: Final = b"p2p_twisted"


class OriginFault(PeerError):
    """The origin does not give what it should."""


class OriginClient:
    """
    Gets lists and files from the origin, in bounded time and memory.

    It is sent no more than the addresses, and followed elsewhere only as far as that is safe: from
    ``https`` to ``https``, and otherwise not to other hosts.

    :param url: of the origin.
    :param clock: provides the time, in seconds.
    """

    def __init__(self, url: str, agent: IAgent, clock: IReactorTime) -> None:
        self.url = url.rstrip("/")
        self._agent = agent
        self._clock = clock

    async def list(self, path: str) -> Any:
        """
        Get the JSON at a path.

        :raises NotFound: when there is none.
        :raises OriginFault: when it is none, or too long.
        """
        body, came = await self._get(path), bytearray()
        try:
            while piece := await self._in_time(body.read()):
                came += piece
                if len(came) > limits.ORIGIN_LIST_BYTES:
                    raise OriginFault(f"{self.url} answers with more than it may")
            return json.loads(came)
        except (ValueError, RecursionError):
            raise OriginFault(f"{self.url} does not answer as a hub does") from None
        finally:
            body.stop()

    async def file(self, path: str, size: int) -> "OriginBody":
        """
        Begin to get a file.

        :param size: that it must have, in bytes.
        :raises NotFound: when there is none.
        :raises OriginFault: when it has another size.
        """
        body = await self._get(path)
        if body.size not in (None, size):
            body.stop()
            raise OriginFault(f"{self.url} gives {path} with another size than it says")
        return body

    async def next_of(self, body: "OriginBody") -> bytes:
        """
        Wait for what comes next of a file; nothing at its end.

        :raises OriginFault: when it does not come.
        """
        piece: bytes = await self._in_time(body.read())
        return piece

    async def _get(self, path: str) -> "OriginBody":
        url = f"{self.url}/{path}"
        for _ in range(limits.ORIGIN_REDIRECTS):
            headers = Headers({b"User-Agent": [_PROGRAM], b"Accept-Encoding": [b"identity"]})
            asking = self._agent.request(b"GET", url.encode("ascii"), headers)
            response: IResponse = await self._in_time(asking)
            if response.code == _OK:
                return OriginBody(response)
            OriginBody(response).stop()
            if response.code in _NO_SUCH_THING:
                raise NotFound(f"{self.url} has no {path}")
            if response.code not in _MOVED:
                raise OriginFault(f"{self.url} answers {path} with {response.code}")
            url = self._moved(url, response)
        raise OriginFault(f"{self.url} leads from one address to the next")

    def _moved(self, url: str, response: IResponse) -> str:
        """Return where an answer leads, if that may be followed."""
        [to] = (response.headers.getRawHeaders(b"Location") or [b""])[:1]
        target: str = urljoin(url, to.decode("ascii", "replace"))
        old, new = urlsplit(url), urlsplit(target)
        is_same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
        is_safe = old.scheme == new.scheme == "https" and not _is_near(new.hostname or "")
        if not target.isascii() or not (is_same or is_safe):
            raise OriginFault(f"{self.url} leads to where it must not: {new.netloc[:100]}")
        return target

    async def _in_time(self, work: "Deferred[Any] | Awaitable[Any]") -> Any:
        waiting = work if isinstance(work, Deferred) else Deferred.fromCoroutine(_await(work))
        waiting.addTimeout(limits.ORIGIN_STALL_SECONDS, self._clock)
        try:
            return await waiting
        except PeerError:
            raise
        except (BadRequest, defer.TimeoutError):
            raise OriginFault(f"{self.url} does not go on answering") from None
        except defer.CancelledError:
            raise
        except Exception as error:
            raise OriginFault(f"{self.url} does not answer: {error}"[:300]) from None


class OriginBody(UploadBody):
    """
    What comes of an answer, no faster than it is taken.

    :param response: of which it is the body.
    """

    def __init__(self, response: IResponse) -> None:
        super().__init__(None, None if response.length is UNKNOWN_LENGTH else int(response.length))
        response.deliverBody(_Receiver(self))

    def begin(self, transport: Any) -> None:
        """Read from a connection."""
        self._transport = transport

    def stop(self) -> None:
        """Read no more: the connection is closed, unless all has come."""
        if not self._is_ended:
            self._transport.loseConnection()


class _Receiver(Protocol):
    """Hands on what comes of a body."""

    def __init__(self, body: OriginBody) -> None:
        self._body = body

    @override
    def connectionMade(self) -> None:
        self._body.begin(self.transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._body.feed(data)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone) is not None:
            self._body.end()
        else:
            self._body.lose()


def _is_near(host: str) -> bool:
    """Return whether a host is named by an address that is not everybody's."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host


async def _await(work: Awaitable[Any]) -> Any:
    return await work
