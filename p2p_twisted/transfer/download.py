"""One download: what its requester sees of fetching a file or a folder."""

from collections.abc import Iterable

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from p2p_twisted.background import background
from p2p_twisted.transfer.disk import DiskFault
from p2p_twisted.transfer.fetch import Fetch
from p2p_twisted.transfer.folder import FolderFetch
from p2p_twisted.transfer.inbox import Inbox
from p2p_twisted.transfer.means import Item, Means
from p2p_twisted.transfer.progress import Canceled, Failed, Progress, Saved
from p2p_twisted.transfer.report import Report
from p2p_twisted.transfer.wants import Wanted
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName


class Download:
    """
    A download from its first request to its end.

    :ivar report: tells how it stands.
    :ivar ended: fires when it will not go on in this run.
    """

    log = Logger()

    def __init__(
        self,
        means: Means,
        inbox: Inbox,
        manifests: Inbox,
        wanted: Wanted,
        hits: Iterable[Hit],
        number: int,
    ) -> None:
        self._means = means
        self._inbox = inbox
        self._wanted = wanted
        self._is_canceled = False
        self.ended: Deferred[None] = Deferred()
        self.report = Report(means.clock, Progress(number, wanted.name, wanted.file, wanted.size))
        self._fetch: Fetch | FolderFetch
        if wanted.kind == "folder":
            self._fetch = FolderFetch(means, inbox, manifests, wanted, hits, self.report)
        else:
            target = wanted.target or wanted.name.rpartition("/")[2]
            item = Item(wanted.file, wanted.size, target)
            self._fetch = Fetch(means, inbox, item, hits, self.report)

    @property
    def progress(self) -> Progress:
        """How it stands."""
        return self.report.progress

    @property
    def may_be_canceled(self) -> bool:
        """Whether anything of it goes on, or is kept."""
        state = self.progress.state
        return not self._is_canceled and (
            not self.progress.is_ended or (isinstance(state, Failed) and state.is_kept)
        )

    def start(self) -> None:
        """Begin, or go on with what an earlier run has left."""
        background(self.log, "downloading", self._run())

    def cancel(self) -> None:
        """Give it up, and remove what is unfinished of it."""
        self._is_canceled = True
        if self.ended.called:
            background(self.log, "giving up a download", self._cancel())
        else:
            self._fetch.give_up()

    def stop(self) -> None:
        """Let it rest until the next run."""
        self._fetch.give_up()

    async def _run(self) -> None:
        try:
            await self._means.offload(self._write_down)
            target = await self._fetch.run()
        except CancelledError:
            if self._is_canceled:
                await self._cancel()
        except DiskFault as fault:
            await self._fail(str(fault), fault.is_kept)
        except (BadManifest, BadName) as error:
            await self._fail(str(error), is_kept=False)
        else:
            await self._means.offload(self._means.wants.remove, self._wanted.file)
            path = self._inbox.path(target)
            self.report.become(Saved(path, self.report.seconds, self.report.holders))
        finally:
            self.ended.callback(None)
            # Last: whoever waited may ask for the same file again at once.
            self.report.close()

    def _write_down(self) -> None:
        wants, wanted = self._means.wants, self._wanted
        # An earlier try may have chosen a folder, and filled some of it.
        if wanted.target is not None or wants.get(wanted.file) is None:
            wants.put(wanted)

    async def _fail(self, reason: str, is_kept: bool) -> None:
        self.log.info("{name}: {reason}", name=self.progress.name, reason=reason)
        if not is_kept:
            await self._means.offload(self._forget)
        self.report.become(Failed(reason, is_kept))

    async def _cancel(self) -> None:
        await self._means.offload(self._forget)
        self.report.become(Canceled())

    def _forget(self) -> None:
        self._fetch.forget()
        self._means.wants.remove(self._wanted.file)
