"""Share the places for uploads among requesters: none may take all of them, and read slowly."""

from collections import Counter
from collections.abc import Collection, Hashable
from math import inf

from p2p_twisted.upload import limits
from p2p_twisted.upload.upload import Upload
from p2p_twisted.wire.messages import Want
from p2p_twisted.wire.names import host_group, is_loopback


class NoPlace(Exception):
    """There is no place for a requester now."""


class UploadPlaces:
    """
    Decides who has a place, and who makes room.

    A requester is a name, and a host; on loopback, where all have one host, a port of it. A
    quarter of the places is its own; beyond that it has what is free, but for the last place,
    which is for somebody who has none, and gives it back as soon as others want it. Where all
    places are taken within their shares, the slowest upload makes room for somebody who has none,
    from time to time; and at once where it is one of those that one neighbor has led here, and the
    neighbor that leads the other here has led fewer: by whoever asks most often it would be taken
    again, and behind one neighbor there may be any number of hosts.
    """

    def __init__(self) -> None:
        self._given_up_at = -inf

    def room_for(
        self, want: Want, running: Collection[Upload], places: int, now: float
    ) -> Upload | None:
        """
        Find a place for a requester.

        :param now: seconds on the monotonic clock.
        :returns: the upload that is to make room, where none is free.
        :raises NoPlace: when there is none.
        """
        share = max(1, places // limits.UPLOAD_SHARES)
        held = Counter(key for upload in running for key in _requester(upload.want))
        own = max(held[key] for key in _requester(want))
        free = places - len(running)
        if free > (1 if own else 0):
            return None
        beyond = [
            upload
            for upload in running
            if max(held[key] for key in _requester(upload.want)) > share
        ]
        if beyond and own < share:
            return _slowest(beyond, now)
        late = [upload for upload in running if now - upload.began >= limits.UPLOAD_TURN_SECONDS]
        if own or not late:
            raise NoPlace
        led = Counter(_neighbor(upload.want) for upload in running)
        crowd = [each for each in late if led[_neighbor(each.want)] > led[_neighbor(want)] + 1]
        if crowd:
            most = max(led[_neighbor(each.want)] for each in crowd)
            return _slowest([each for each in crowd if led[_neighbor(each.want)] == most], now)
        if now - self._given_up_at < limits.UPLOAD_GIVEN_UP_SECONDS:
            raise NoPlace
        return _slowest(late, now)

    def made_room(self, now: float) -> None:
        """Record that an upload was given up."""
        self._given_up_at = now


def _requester(want: Want) -> tuple[Hashable, Hashable]:
    host = (want.host, want.port) if is_loopback(want.host) else host_group(want.host)
    return want.name, host


def _neighbor(want: Want) -> Hashable:
    """Return the neighbor that has led a requester here, if one has; otherwise the requester."""
    return want.via[-1] if want.via else _requester(want)


def _slowest(uploads: Collection[Upload], now: float) -> Upload:
    return min(uploads, key=lambda upload: upload.progress(now).rate)
