"""Answer a request with content, or some of it, as it comes."""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote

from attrs import define
from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiRequest
from p2p_twisted.api.stream import Stream
from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.download.file_readers import DownloadEnded
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.byte_range import Unsatisfiable, read_range
from p2p_twisted.gateway.coming_file import ComingFile
from p2p_twisted.gateway.media_type import is_only_shown, media_type
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.open_content import OpenContent
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.source import SourceChanged

T = TypeVar("T")

_POLICY: Final = "sandbox; default-src 'none'"
"""Whatever somebody shares runs nothing here, and loads nothing."""
_SHOWN_POLICY: Final = (
    "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self';"
    " style-src 'unsafe-inline'"
)
"""The page that a browser makes for a film asks for that film itself, and runs nothing either."""


@define(eq=False)
class ContentAnswers:
    """
    Writes content into answers, for as long as readers take it.

    :param clock: provides the time, in seconds.
    :param up: limits how fast they are written, if anything does.
    """

    log = Logger()

    _reading: ContentReading
    _clock: IReactorTime
    _up: Limiter | None = None

    async def answer(
        self,
        request: ApiRequest,
        hit: Hit,
        etag: str | None = None,
        into: str = "",
    ) -> None:
        """
        Answer a request for some content.

        :param etag: what names it; by default its id.
        :param into: see :meth:`.ContentReading.open`.
        :raises BadRequest: when it is not there in time.
        :raises PeerError: when it cannot be fetched.
        """

        async def opened() -> OpenContent:
            return await self.in_time(self._reading.open(hit, into))

        await self.give(request, hit, etag or str(hit.file), opened)

    async def give(
        self,
        request: ApiRequest,
        hit: Hit,
        etag: str,
        opened: Callable[[], Awaitable[OpenContent | ComingFile]],
    ) -> None:
        """
        Answer a request for content that is opened only if any of it is to be given.

        :param hit: what it is.
        :raises BadRequest: when nothing of it is in the range that is asked for, or something
            else was to be there.
        :raises PeerError: when it cannot be had.
        """
        etag = f'"{etag}"'
        self._describe(request, hit, etag)
        wanted = _listed(request, b"If-Match")
        if wanted and {etag, "*"}.isdisjoint(wanted):
            raise BadRequest("changed", "it is something else now")
        if _is_known(request, etag):
            request.setResponseCode(HTTPStatus.NOT_MODIFIED)
            request.finish()
        elif request.method == b"HEAD":
            self._begin(request, hit.size, etag)
            request.finish()
        else:
            content = await opened()
            try:
                span = self._begin(request, content.size, etag)
                await self._write(Stream(request, media_type(hit.name)), content, span)
            finally:
                content.close()

    async def in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Wait for something.

        :raises BadRequest: when it takes too long.
        """
        waiting = Deferred.fromCoroutine(work)
        waiting.addTimeout(limits.FOUND_WITHIN_SECONDS, self._clock)
        try:
            return await waiting
        except defer.TimeoutError:
            late = f"nothing has come for {limits.FOUND_WITHIN_SECONDS} s: see p2p transfers"
            raise BadRequest("late", late) from None

    def _describe(self, request: ApiRequest, hit: Hit, etag: str) -> None:
        name = quote(hit.name.rpartition("/")[2], safe="")
        kind = media_type(hit.name)
        for header, value in {
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
            "Content-Disposition": f"inline; filename*=UTF-8''{name}",
            "Content-Security-Policy": _SHOWN_POLICY if is_only_shown(kind) else _POLICY,
            "Content-Type": kind,
            "ETag": etag,
        }.items():
            request.setHeader(header, value)

    def _begin(self, request: ApiRequest, size: int, etag: str) -> range:
        """Decide what is sent, and say so."""
        asked, unless = _said(request, b"Range"), _said(request, b"If-Range")
        span = None
        try:
            # No other method has ranges.
            if request.method == b"GET" and len(asked) == 1 and unless in ([], [etag]):
                span = read_range(asked[0], size)
        except Unsatisfiable:
            request.setHeader("Content-Range", f"bytes */{size}")
            raise BadRequest("no_such_range", f"it has {size:,} bytes") from None
        if span is not None:
            request.setResponseCode(HTTPStatus.PARTIAL_CONTENT)
            request.setHeader("Content-Range", f"bytes {span.start}-{span.stop - 1}/{size}")
        span = range(size) if span is None else span
        request.setHeader("Content-Length", str(len(span)))
        return span

    async def _write(self, stream: Stream, content: OpenContent | ComingFile, span: range) -> None:
        """Write some of the content; end the connection where it ends too early."""
        at = span.start
        # It is paused until all that was written has left.
        stream.buffer(1)
        try:
            while at < span.stop and not stream.is_over:
                most = min(limits.ANSWER_PIECE_BYTES, span.stop - at)
                piece = await self.in_time(content.read(at, most))
                at += len(piece)
                stream.write(piece)
                if self._up is not None:
                    await self._up.turn(len(piece))
                await self._taken(stream)
        except (BadRequest, DownloadEnded, SourceChanged) as error:
            self.log.info("an answer is cut at {at}: {error}", at=at, error=error)
            stream.drop()
        else:
            stream.end()

    async def _taken(self, stream: Stream) -> None:
        """Wait until what was written has left, and drop a reader that takes too long."""
        if not stream.is_paused or stream.is_over:
            return
        taken: Deferred[None] = Deferred()

        def resumed() -> None:
            if not taken.called:
                taken.callback(None)

        stream.resumed = stream.ended = resumed
        timer = self._clock.callLater(limits.TAKEN_WITHIN_SECONDS, stream.drop)
        try:
            await taken
        finally:
            stream.resumed = stream.ended = _nothing
            if timer.active():
                timer.cancel()


def _nothing() -> None:
    """Do nothing."""


def _is_known(request: ApiRequest, etag: str) -> bool:
    """Return whether somebody says to have some content already (RFC 9110, section 13.1.2)."""
    said = _listed(request, b"If-None-Match")
    return not {etag, "*"}.isdisjoint(each.removeprefix("W/") for each in said)


def _listed(request: ApiRequest, header: bytes) -> list[str]:
    said = ",".join(_said(request, header)).split(",")
    return [each.strip() for each in said if each.strip()]


def _said(request: ApiRequest, header: bytes) -> list[str]:
    values = request.requestHeaders.getRawHeaders(header) or ()
    return [value.decode("latin-1") for value in values]
