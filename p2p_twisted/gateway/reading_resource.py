"""Answer requests to read something: what all of them have in common."""

import unicodedata
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest, fault_of
from p2p_twisted.api.api_request import ApiRequest, answer
from p2p_twisted.api.views import FailureView
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.names import BadName, check_path

_METHODS: Final = (b"GET", b"HEAD")
_AGAIN_SECONDS: Final = "1"


class ReadingResource(Resource):
    """
    The root of an origin from which one only reads.

    Whoever has gone is not waited for, and so many requests are answered at a time.
    """

    log = Logger()

    def __init__(self, answers: ContentAnswers) -> None:
        super().__init__()
        # No path is looked up in parts.
        self.isLeaf = True
        self._answers = answers
        self._under_way = 0

    def refuse(self, request: Request) -> str | None:
        """Return why a request is not answered at all, if so."""
        raise NotImplementedError

    def takes(self, request: Request) -> bool:
        """Return whether a request only reads."""
        return request.method in _METHODS

    async def respond(self, request: ApiRequest) -> None:
        """
        Answer a request that may be.

        :raises BadRequest: when it asks for nothing that there is.
        :raises PeerError: when it cannot be had.
        """
        raise NotImplementedError

    def begin_upload(self, *_request: object) -> None:
        """Accept no bodies of any size."""

    @override
    def render(self, request: ApiRequest) -> Any:
        if not request.is_refused:
            work = Deferred.fromCoroutine(self._answer(request))
            request.notifyFinish().addErrback(lambda _gone: work.cancel())
            background(self.log, "answering a request", work)
        return NOT_DONE_YET

    async def _answer(self, request: ApiRequest) -> None:
        self._under_way += 1
        try:
            self._check(request)
            await self.respond(request)
        except Exception as error:
            if request.is_gone:
                return
            fault = fault_of(error)
            if fault.code == "too_many":
                request.setHeader("Retry-After", _AGAIN_SECONDS)
            answer(request, FailureView(error=fault))
        finally:
            self._under_way -= 1

    def _check(self, request: ApiRequest) -> None:
        if (why := self.refuse(request)) is not None:
            raise BadRequest("forbidden", why)
        if not self.takes(request):
            request.setHeader("Allow", b", ".join(_METHODS))
            raise BadRequest("no_such_method", "this takes GET and HEAD alone")
        if self._under_way > limits.ANSWERS_AT_ONCE:
            raise BadRequest("too_many", f"{limits.ANSWERS_AT_ONCE} requests are answered already")


def path_words(path: bytes) -> Sequence[str]:
    """
    Divide a path, once, and then decode each part, once.

    :returns: nothing for the root.
    :raises BadRequest: when it is no path of anything that is shared.
    """
    if path == b"/":
        return ()
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
