"""Keep the user's terminal usable."""

import contextlib
import os
import termios
from collections.abc import Iterator


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Restore the terminal at the end, as a console that is killed cannot do so itself."""
    settings = termios.tcgetattr(0) if _is_ours() else None
    try:
        yield
    finally:
        for fd in (0, 1, 2):
            with contextlib.suppress(OSError):
                os.set_blocking(fd, True)
        if settings is not None:
            # The terminal may have been closed.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, settings)


def _is_ours() -> bool:
    """Return whether stdin is our terminal; in the background, changing it would stop us."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
