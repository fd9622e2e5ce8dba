"""A peer that answers what a test tells it to, for consoles to talk to."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Canceled, Contribution, Progress, Receiving, Saved
from p2p_twisted.explain.diagnosis import Cause, Diagnosis
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.explain.facts import AccountNote, FirstHolder, HolderFacts, QuestionFacts, Waits
from p2p_twisted.overlay.effects import HitsWatch
from p2p_twisted.peer.interface import (
    Found,
    IPeer,
    Read,
    Selection,
    Status,
    Topology,
    Watch,
)
from p2p_twisted.peer.sights import Sights, SightWatch
from p2p_twisted.peer_errors import PeerError, Unknown
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.messages import HeldUp, Hit, PeerRecord
from p2p_twisted.wire.names import PeerAddress, PeerName
from tests.console.fake_admin import FakeAdmin
from tests.console.fake_offers import FakeOffers

FILE = "9f2c41d07ae1c8b2" + "0" * 48
OTHER_FILE = "00aa41d07ae1c8b2" + "0" * 48


def address(name: str) -> PeerAddress:
    """Give a peer's address."""
    return PeerAddress(name, "127.0.0.1", 9_000 + int(name[1:]))


def hit(peer: str = "s4", name: str = "f1.txt", file: str | None = FILE, **more: Any) -> Hit:
    """Make a hit."""
    return Hit(**{"peer": peer, "name": name, "file": file, "size": 2_048, **more})


def found(*hits: Hit, asked: int = 7, answered: int = 7, silent: tuple[str, ...] = ()) -> Found:
    """Make what a search brings."""
    return Found(hits, asked, answered, silent, 0.03)


def running(number: int = 1, **more: Any) -> Progress:
    """Make a download that runs."""
    state = Receiving(512.0, 2.0, (Contribution("s4", 1_024, 512.0),))
    progress = Progress(number, "f1.txt", FILE, 2_048, received=1_024, state=state)
    return attrs.evolve(progress, **more)


def saved(number: int = 1, **more: Any) -> Progress:
    """Make a download that is done."""
    state = Saved("s2/Downloads/f1.txt", 10.94, (Contribution("s4", 6),))
    return running(number, **{"received": 2_048, "state": state, **more})


def topology(**links: str) -> Topology:
    """Make a network, as in ``topology(s1="s2 s3")``."""
    records = tuple(PeerRecord(name, tuple(ends.split())) for name, ends in links.items())
    return Topology(records, (), 0.04)


STATUS = Status(
    name="s2",
    address=address("s2"),
    network="default",
    neighbors=(address("s10"), address("s3")),
    registry="127.0.0.1:9011",
    registered=True,
    registry_fault=None,
    clock_ahead=None,
    directory="s2",
    downloads="s2/Downloads",
    files=12,
    size=3_000_000,
    hashing=1,
    unshared=(("a:b", "a name may not have ':'"),),
    uptime=61.0,
    rates=Rates(),
)


UPLOAD = ("f9.txt", UploadProgress("s7", OTHER_FILE, 4_096, 128.0))

EXPLANATION = Explanation(
    number=1,
    name="f1.txt",
    is_ended=False,
    seconds=12.5,
    window=10.0,
    diagnosis=Diagnosis(Cause.HOLDER_LIMIT, "the --max-up of s4 limits it, as s4 says", "s4", True),
    holders=(
        HolderFacts(
            "s4",
            via="s2",
            how="reversed",
            asked=2,
            last="busy",
            waits=Waits(10.0, limit=1.0, disk=0.2, idle=3.0, received=4_096),
            received=4_096,
            share=0.8,
            is_delivering=True,
            held=HeldUp("limit", 2_048, 3),
            round_trip=0.02,
        ),
        HolderFacts("s5", asked=1, last="busy", received=1_024, share=0.2),
    ),
    notes=(
        AccountNote(0.0, "asked s4 by way of s2", "s2"),
        AccountNote(1.5, "s5: busy", "s5", 3, 9.25),
    ),
    question=QuestionFacts("id", FILE, 5.0, 7, 6, 2, ("s9",), "", 0.03, (FirstHolder("s4", 0.01),)),
)


@implementer(IPeer)
class FakePeer:
    """
    Answers from queues.

    :ivar asked: every call, as the method's name and its arguments.
    :ivar answers: by method, what the next calls return: a value, an exception to
        fail with, or a Deferred to wait for. Without any there is a plain answer.
    :ivar parts: what searches tell hits to as they come.
    :ivar taken: how much of a file that is shared was read at a time, in bytes.
    :ivar refuse_sharing: what to refuse that with.
    :ivar watches: what downloads tell their progress to, oldest first.
    :ivar only_files: whether they were to be files, in the same order.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answers: defaultdict[str, deque[Any]] = defaultdict(deque)
        self.watches: list[Watch] = []
        self.only_files: list[bool] = []
        self.earlier: list[Watch] = []
        self.sights = Sights()
        self.taken: list[int] = []
        self.parts: list[HitsWatch] = []
        self.refuse_sharing: Exception | None = None
        self.no_stop: Exception | None = None
        self._reading: Deferred[None] = succeed(None)
        self.admin = FakeAdmin(self)
        self.offers = FakeOffers(self)
        self.status_now = STATUS
        self.downloads_now: tuple[Progress, ...] = ()
        self.uploads_now: tuple[tuple[str, UploadProgress], ...] = ()

    def will(self, method: str, *answers: Any) -> None:
        """Prepare the next answers of a method."""
        self.answers[method].extend(answers)

    def find(self, text: str, part: HitsWatch | None = None) -> "Deferred[Found]":
        if part is not None:
            self.parts.append(part)
        return self._answer("find", found(hit(), hit("s6")), text)

    def get(
        self,
        wanted: str | Hit,
        watch: Watch,
        holder: PeerName | None = None,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        self.watches.append(watch)
        self.only_files.append(is_file)
        return self._answer("get", saved(), wanted, holder)

    def select(
        self,
        words: Sequence[str | Hit],
        holder: PeerName | None = None,
        watch: Watch | None = None,
    ) -> "Deferred[Selection]":
        things = tuple(((hit(name=word) if isinstance(word, str) else word),) for word in words)
        names = tuple(each.name for (each,) in things)
        return self._answer("select", Selection(names, things), tuple(words), holder)

    def get_selected(self, selection: Selection, watch: Watch) -> "Deferred[tuple[Progress, ...]]":
        self.watches.append(watch)
        several = saved(files=len(selection.things))
        return self._answer("get_selected", (several,), selection)

    def watch_earlier(self, watch: Watch) -> None:
        self.earlier.append(watch)

    def topology(self) -> "Deferred[Topology]":
        return self._answer("topology", topology(s1="s2", s2="s1"))

    def listing(self, holder: PeerName | None = None) -> "Deferred[Found]":
        return self._answer("listing", found(hit()), holder)

    def below(self, folder: str) -> Iterable[str]:
        return {"": ("own file.txt", "photos/"), "photos": ("2023/", "a.jpg")}.get(folder, ())

    def share(self, name: str, read: Read, size: int | None = None) -> "Deferred[str]":
        async def take() -> str:
            content = b""
            if self.refuse_sharing is not None:
                raise self.refuse_sharing
            await self._reading
            while some := await read():
                content += some
                self.taken.append(len(some))
            path: str = await self._answer("share", f"s2/{name}", name, content, size)
            return path

        return Deferred.fromCoroutine(take())

    def hold_reading(self) -> "Deferred[None]":
        """Take nothing of what is shared until that fires."""
        self._reading = Deferred()
        return self._reading

    def unshare(self, name: str) -> "Deferred[str]":
        return self._answer("unshare", f"s2/.unshared/{name}", name)

    def transfers(self) -> tuple[Progress, ...]:
        return self.downloads_now

    def uploads(self) -> tuple[tuple[str, UploadProgress], ...]:
        return self.uploads_now

    def cancel(self, number: int) -> Progress:
        if number != 1:
            raise Unknown(f"no download {number} runs")
        return running(state=Canceled())

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        return self._numbered(number, "running")

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        return self._numbered(number, "paused")

    def limit(self, rates: Rates) -> None:
        if rates.up == 1:
            raise PeerError("1 up is too slow")
        self.status_now = attrs.evolve(self.status_now, rates=rates)

    def _numbered(self, number: int | None, what: str) -> tuple[Progress, ...]:
        if number not in (None, 1):
            raise Unknown(f"there is no {what} download {number}")
        return () if what == "paused" and number is None else (running(1),)

    def explain(self, what: str | None = None) -> Explanation:
        if what == "9":
            raise Unknown("nothing is known of '9'")
        return EXPLANATION

    def watch_sights(self, watch: SightWatch) -> Callable[[], None]:
        return self.sights.watch(watch)

    def status(self) -> Status:
        return self.status_now

    def leave(self) -> "Deferred[None]":
        return self._answer("leave", None)

    def check_may_stop(self) -> None:
        if self.no_stop is not None:
            raise self.no_stop

    def stop_network(self) -> "Deferred[None]":
        return self._answer("stop_network", None)

    def _answer(self, method: str, default: Any, *arguments: Any) -> "Deferred[Any]":
        self.asked.append((method, *arguments))
        queue = self.answers[method]
        answer = queue.popleft() if queue else default
        if isinstance(answer, Deferred):
            return answer
        return fail(answer) if isinstance(answer, Exception) else succeed(answer)
