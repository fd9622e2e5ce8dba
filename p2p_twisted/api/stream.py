"""Write an answer that comes in pieces."""

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from p2p_twisted.api.route import Form
from p2p_twisted.api.transfer_views import StepView
from p2p_twisted.api.views import FaultView, View


def _nothing() -> None:
    """Do nothing."""


@implementer(IPushProducer)
class Stream:
    """
    A streamed answer; a slow reader is never waited for.

    :param lines: what each line is.

    :ivar is_paused: whether so much is unread that no more should be written.
    :ivar is_over: whether nothing can be written any more.
    :ivar resumed: is called when more can be written again.
    :ivar ended: is called when the reader has gone.
    """

    def __init__(self, request: Request, form: str, lines: Any = None) -> None:
        self._request = request
        self._form = form
        self._lines = lines
        self._transport: Any = request.channel.transport
        self.is_paused = self.is_over = False
        self.resumed: Callable[[], None] = _nothing
        self.ended: Callable[[], None] = _nothing
        request.notifyFinish().addBoth(self._over)
        request.registerProducer(self, True)

    @property
    def is_begun(self) -> bool:
        """Whether something was written, so that no status can be sent any more."""
        return bool(self._request.startedWriting)

    def emit(self, view: View) -> None:
        """Write a line; progress is left out where too much is unread."""
        is_progress = isinstance(view, StepView) and view.download is not None
        if not (self.is_paused and is_progress):
            self.write(view.encoded() + b"\n")

    def write(self, content: bytes) -> None:
        """Write some of the answer; of nothing, its headers."""
        if not self.is_over:
            self._request.setHeader("Content-Type", self._form)
            self._request.write(content)

    def buffer(self, most: int) -> None:
        """Be paused as soon as so many bytes are unread."""
        self._transport.bufferSize = most

    def fail(self, fault: FaultView) -> None:
        """Write why there is no more."""
        if self._form is Form.LINES and "error" in attrs.fields_dict(self._lines):
            self.emit(self._lines(error=fault))

    def end(self) -> None:
        """Write no more."""
        if not self.is_over:
            self._request.unregisterProducer()
            self._request.finish()

    def drop(self) -> None:
        """Close the connection at once, whatever is unread."""
        if not self.is_over:
            self._transport.abortConnection()

    def pauseProducing(self) -> None:
        """Record that too much is unread."""
        self.is_paused = True

    def resumeProducing(self) -> None:
        """Record that more can be written."""
        self.is_paused = False
        self.resumed()

    def stopProducing(self) -> None:
        """Write nothing more: the reader has gone."""
        self.is_over = True

    def _over(self, _result: object) -> None:
        self.is_over = True
        self.ended()
