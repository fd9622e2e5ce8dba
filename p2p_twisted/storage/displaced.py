"""Find out that the folder of a part file was removed or moved away, and make it anew."""

import os

from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.part_file import PartFile


def bring_home(inbox: Inbox, target: str, part: PartFile) -> PartFile | None:
    """
    See that a part file is in the folder that its target is to be in; blocks.

    A part file is written to by its descriptor, whatever happens to its names. So what was
    moved away is moved back, and of what was removed the bytes are still there.

    :returns: ``None`` once it is there; otherwise an empty part file to copy it to.
    :raises DiskFault: when the folder cannot be made.
    """
    folder = inbox.open_folder(target)
    try:
        if part.is_in(folder) or part.move_to(folder):
            return None
    except OSError as error:
        raise DiskFault.of(error) from error
    finally:
        os.close(folder)
    return inbox.open_part(target, part.content)
