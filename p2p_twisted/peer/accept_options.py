"""The options of a peer that say whose offers it takes."""

from twisted.python.usage import Options, UsageError
from typing_extensions import override

from p2p_twisted.bandwidth.rates import BadRate, read_rate
from p2p_twisted.offers.accept_rule import NONE, AcceptRule, read_accept
from p2p_twisted.offers.offer import check_into
from p2p_twisted.runtime.restart import was_given
from p2p_twisted.wire.names import BadName


class AcceptOptions(Options):
    """
    Options that say what becomes of what others push.

    Where they are read, ``member`` says whether the peer is in a private network.
    """

    optParameters = [
        [
            "accept",
            None,
            None,
            "Whose pushes to take: anyone, admins, @GROUP, ask or none; several are separated by"
            " commas. By default admins' in a private network, and ask where somebody is there.",
        ],
        ["accept-most", None, None, "How large what is taken so may be, such as 10G."],
        ["accept-into", None, None, "In which folder it lands, below the downloads."],
    ]

    @override
    def postOptions(self) -> None:
        self["accept"] = AcceptRule(
            self._words(),
            _most(self["accept-most"]),
            _into(self["accept-into"]),
        )
        self._check_together()
        super().postOptions()

    def _check_together(self) -> None:
        """Refuse to say where what is not taken lands; a configuration may say that anyway."""
        for option in ("--accept-most", "--accept-into"):
            if self["accept"].words == (NONE,) and was_given("--accept") and was_given(option):
                raise UsageError(f"--accept none takes nothing: leave {option} away")

    def _words(self) -> tuple[str, ...] | None:
        """
        Read whose offers to take; ``None`` where nobody has said.

        :raises UsageError: when it is no such rule.
        """
        if self["accept"] is None:
            return None
        try:
            return read_accept(self["accept"], bool(self["member"]))
        except BadName as error:
            raise UsageError(f"--accept {self['accept']}: {error}") from None


def _most(text: str | None) -> int | None:
    """
    Read a size, in bytes.

    :raises UsageError: when it is none.
    """
    if text is None:
        return None
    try:
        return read_rate(text)
    except BadRate:
        raise UsageError(f"--accept-most takes a size such as 500M or 10G, not {text!r}") from None


def _into(text: str | None) -> str | None:
    """
    Read a folder below the downloads.

    :raises UsageError: when it may not be used.
    """
    if text is None:
        return None
    try:
        check_into(text)
    except BadName as error:
        raise UsageError(
            f"--accept-into takes a folder below the downloads, such as pushed: {error}"
        ) from None
    return text
