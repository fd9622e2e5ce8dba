"""What is there of many small files, and who delivers the others."""

from collections.abc import Iterable, Mapping, Sequence

from p2p_twisted.download.in_progress import Deliverer
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.picker.file_picker import FilePicker
from p2p_twisted.storage.content import Content, WholeContent
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId, PeerName


class SmallFilesInProgress:
    """
    Many small files, each of which comes whole, and who delivers them.

    :param targets: what each is to become; the same content may be wanted several times.
    """

    def __init__(
        self,
        picker: FilePicker,
        writer: SmallFileWriter,
        targets: Mapping[FileId, Sequence[Member]],
        observer: DownloadObserver,
    ) -> None:
        self.picker = picker
        self._writer = writer
        self._targets = targets
        self._observer = observer
        self._receivers: dict[PeerName, Deliverer] = {}

    # What receivers call

    def joined(self, receiver: Deliverer) -> None:
        """Ask a holder that has connected."""
        self._receivers[receiver.holder] = receiver
        self._observer.receiving(receiver.holder, receiver.how)
        self._observer.account.joined(receiver.times, receiver.how)
        receiver.ask()

    def accept(self, holder: PeerName, wholes: Iterable[WholeContent]) -> None:
        """Save files."""
        new = [each for each in wholes if self.picker.delivered(holder, each.file_id)]
        if new:
            self._observer.moved(holder, sum(whole.size for whole in new))
            self._observer.delivered(holder, sum(map(self._size_of_all, new)))
        for whole in new:
            self._writer.put(whole)

    # What the download calls

    def found(self, whole: WholeContent) -> None:
        """Save a file that is here already."""
        if self.picker.found(whole.file_id):
            self._observer.advanced(self._size_of_all(whole))
            self._writer.put(whole)

    def left(self, holder: PeerName) -> None:
        """Count on a holder no longer."""
        self._receivers.pop(holder, None)
        self.picker.release(holder)

    def ask_all(self) -> None:
        """Ask every holder for what there is to ask for, or tell it that all is there."""
        for receiver in list(self._receivers.values()):
            receiver.ask()

    def _size_of_all(self, content: Content) -> int:
        return content.size * len(self._targets[content.file_id])
