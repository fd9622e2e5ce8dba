"""Answer requests to the gateway: for what a peer shares, and for content by its id."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest, fault_of
from p2p_twisted.api.api_request import ApiRequest, answer
from p2p_twisted.api.named_peer import named_peer
from p2p_twisted.api.views import FailureView
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.hub_routes import HubRoutes
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, check_path

_BY_ID: Final = "id"
_HUB: Final = "hf"
_FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
_METHODS: Final = (b"GET", b"HEAD")
_AGAIN_SECONDS: Final = "1"
_SAY: Final = "say /PEER/PATH, or /id/FILEID; /hf is a hub of models"


class GatewayResource(Resource):
    """
    The root of the gateway.

    :param refuse: returns why a request is not answered at all, if so.
    """

    log = Logger()

    def __init__(
        self,
        reading: ContentReading,
        answers: ContentAnswers,
        hub: HubRoutes,
        refuse: Callable[[Request], str | None],
    ) -> None:
        super().__init__()
        # No path is looked up in parts.
        self.isLeaf = True
        self._reading = reading
        self._answers = answers
        self._hub = hub
        self._refuse = refuse
        self._under_way = 0

    def begin_upload(self, *_request: object) -> None:
        """Take no bodies of any size."""

    @override
    def render(self, request: ApiRequest) -> Any:
        if not request.is_refused:
            work = Deferred.fromCoroutine(self._answer(request))
            request.notifyFinish().addErrback(lambda _gone: work.cancel())
            background(self.log, "answering a request", work)
        return NOT_DONE_YET

    async def _answer(self, request: ApiRequest) -> None:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        self._under_way += 1
        try:
            self._check(request)
            await self._find_and_send(request)
        except Exception as error:
            if gone:
                return
            fault = fault_of(error)
            if fault.code == "too_many":
                request.setHeader("Retry-After", _AGAIN_SECONDS)
            answer(request, FailureView(error=fault))
        finally:
            self._under_way -= 1

    def _check(self, request: ApiRequest) -> None:
        if (why := self._refuse(request)) is not None:
            raise BadRequest("forbidden", why)
        if request.method not in _METHODS:
            request.setHeader("Allow", b", ".join(_METHODS))
            raise BadRequest("no_such_method", "the gateway takes GET and HEAD alone")
        if self._under_way > limits.ANSWERS_AT_ONCE:
            raise BadRequest("too_many", f"{limits.ANSWERS_AT_ONCE} requests are answered already")

    async def _find_and_send(self, request: ApiRequest) -> None:
        words = _words(request.path)
        if words[0] == _HUB:
            await self._hub.answer(request, "/".join(words[1:]))
            return
        hit = await self._answers.in_time(self._find(*words))
        await self._answers.answer(request, hit)

    async def _find(self, first: str, *rest: str) -> Hit:
        if not rest:
            raise BadRequest("no_such_path", _SAY)
        if first == _BY_ID and len(rest) == 1 and _FILE_ID.match(rest[0]):
            return await self._reading.with_id(rest[0])
        holder = named_peer(first)
        assert holder is not None
        return await self._reading.named(holder, "/".join(rest))


def _words(path: bytes) -> Sequence[str]:
    """
    Divide a path, once, and then decode each part, once.

    :raises BadRequest: when it is no path of anything that is shared.
    """
    if path == b"/":
        raise BadRequest("no_such_path", _SAY)
    try:
        parts = [unquote_to_bytes(part).decode() for part in path[1:].split(b"/")]
        words = [unicodedata.normalize("NFC", part) for part in parts]
        if not path.startswith(b"/") or any("/" in word for word in words):
            raise BadName("a path has / between its parts alone")
        check_path("/".join(words))
    except (UnicodeDecodeError, BadName) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise BadRequest("bad_request", f"nothing is shared under such a path: {why}") from None
    return words
