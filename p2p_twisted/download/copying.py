"""Read small files that stand here already."""

import os

from twisted.logger import Logger

from p2p_twisted.download.local_copies import LocalCopies
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId

_log = Logger()


async def read_whole(
    here: LocalCopies, offload: Offload, file: FileId
) -> tuple[Content, bytes] | None:
    """
    Read and verify content of at most one chunk.

    :returns: nothing when it does not stand here as it was.
    """
    source = await here.open(file)
    if source is None:
        return None
    try:
        if source.fd is None:
            return None
        whole = await offload(os.pread, source.fd, CHUNK_BYTES, 0)
        return Content.of_whole(file, whole), whole
    except (OSError, WrongContent) as error:
        _log.debug("{file} is not what it was: {error}", file=file, error=error)
        return None
    finally:
        source.close()
