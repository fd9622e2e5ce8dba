"""What can be wrong with what a stranger sent."""


class ProtocolError(Exception):
    """
    A line that cannot be accepted.

    Its text is one sentence for the other side's person; it never quotes more
    than a few characters of what was received.
    """


class Malformed(ProtocolError):
    """The line is not a message: the connection ends."""


class UnknownVerb(ProtocolError):
    """The line may be a message of a later protocol: it is counted and passed over."""
