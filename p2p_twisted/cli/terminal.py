"""Keep the user's terminal usable."""

import contextlib
import os
import termios
from collections.abc import Iterator

from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.console.keys import PASTE_OFF
from p2p_twisted.console.raw_mode import is_foreground


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Restore the terminal at the end, as a console that is killed cannot do so itself."""
    # In the background, changing the terminal would stop us.
    settings = termios.tcgetattr(0) if is_foreground(0) else None
    try:
        yield
    finally:
        for fd in (0, 1, 2):
            with contextlib.suppress(OSError):
                os.set_blocking(fd, True)
        if settings is not None:
            # The terminal may have been closed.
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSADRAIN, settings)
                if os.isatty(1) and not is_dumb():
                    os.write(1, PASTE_OFF)
