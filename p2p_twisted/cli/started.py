"""What ``p2p`` calls first: to import the rest takes long enough to be interrupted."""

_AFTER_SIGINT = 130
"""See :func:`.after_signal`: nothing is imported here that can be done without."""


def started() -> int:
    """
    Run the ``p2p`` command.

    :returns: the exit status.
    """
    try:
        from p2p_twisted.cli.main import main
    except KeyboardInterrupt:
        return _AFTER_SIGINT
    return main()
