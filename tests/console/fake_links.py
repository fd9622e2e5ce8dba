"""Links of a peer that answers what a test tells it to."""

from zope.interface import implementer

from p2p_twisted.peer.links_interface import ILinks, OpenLink
from p2p_twisted.peer_errors import Unknown
from p2p_twisted.wire.messages import Hit

URL = "http://192.168.7.9:9012/uXo0v2v7mJx1kz5r0eH8Vw/f1.txt"


@implementer(ILinks)
class FakeLinks:
    """
    Makes links that lead nowhere.

    :ivar asked: what was asked for, and for how many seconds.
    :ivar refusal: why the next one is not made.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str | Hit, float]] = []
        self.refusal: Exception | None = None
        self._links: dict[int, OpenLink] = {}

    async def make(self, wanted: str | Hit, seconds: float) -> OpenLink:
        self.asked.append((wanted, seconds))
        if self.refusal is not None:
            raise self.refusal
        number = len(self.asked)
        name = wanted.name if isinstance(wanted, Hit) else wanted
        self._links[number] = OpenLink(number, name, URL, 1_800_000_000.0 + seconds)
        return self._links[number]

    def all(self) -> tuple[OpenLink, ...]:
        return tuple(self._links.values())

    def remove(self, number: int) -> None:
        if self._links.pop(number, None) is None:
            raise Unknown(f"there is no link {number}")
