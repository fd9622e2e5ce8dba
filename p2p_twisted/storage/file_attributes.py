"""Give a download what is kept of its original beside the content."""

import errno
import os
import time
from typing import Final, Self

from attrs import frozen

from p2p_twisted.wire.attributes import Attributes

_ALL: Final = 0o777
_ALL_BUT_RUN: Final = 0o666
# What file systems without modes, or those of somebody else, answer.
_NO_MODES: Final = (errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)
# A disk that has no room for a time is no reason to go without the content.
_MAY_FAIL: Final = (OSError, OverflowError)


@frozen
class AttributeWriter:
    """
    Sets modes and times, as far as the disk can keep them.

    :ivar umask: what no download may have.
    :ivar keeps_times: whether downloads have their originals' times.
    """

    umask: int
    keeps_times: bool = True

    @classmethod
    def of_process(cls, keeps_times: bool) -> Self:
        """Take the mask of this process, which can only be read by setting it."""
        mask = os.umask(0o077)
        os.umask(mask)
        return cls(mask, keeps_times)

    def write(self, fd: int, attributes: Attributes) -> None:
        """
        Set the mode and the time of an open file.

        :raises OSError: when the disk fails.
        """
        mode = (_ALL if attributes.is_executable else _ALL_BUT_RUN) & ~self.umask
        try:
            os.fchmod(fd, mode)
        except OSError as error:
            if error.errno not in _NO_MODES:
                raise
        self._write_time(fd, attributes)

    def complete(self, fd: int, attributes: Attributes) -> None:
        """
        Do so where the file was made with the mode that is usual.

        :raises OSError: when the disk fails.
        """
        if attributes.is_executable:
            self.write(fd, attributes)
        else:
            self._write_time(fd, attributes)

    def _write_time(self, fd: int, attributes: Attributes) -> None:
        if self.keeps_times and attributes.modified is not None:
            try:
                os.utime(fd, ns=(time.time_ns(), attributes.modified))
            except _MAY_FAIL:
                return
