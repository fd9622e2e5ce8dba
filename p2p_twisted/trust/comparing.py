"""Compare what two know of revocations, and tell what one lacks, a few hundred at a time."""

from collections.abc import Sequence

import attrs

from p2p_twisted.trust.limits import REVOCATIONS, REVOCATIONS_AT_ONCE
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.messages import Revoked


def differing(known: RevocationList, asked: Revoked) -> list[Revoked]:
    """
    Return what to tell one that compares: nothing where it knows the same.

    The last message says whether there is more, to be asked for.
    """
    if asked.statements or asked.digest == known.digest():
        return []
    texts = known.texts()
    end = asked.after + REVOCATIONS_AT_ONCE
    return telling(known, texts[asked.after : end], asked.after, has_more=end < len(texts))


def telling(
    known: RevocationList, texts: Sequence[str], after: int = 0, has_more: bool = False
) -> list[Revoked]:
    """
    Split statements over messages.

    :param after: how many of the list were told before.
    :param has_more: whether there are others behind these.
    """
    digest = known.digest()
    lines: list[Revoked] = []
    # With the longest numbers, so that each line still fits once it has its own.
    for line in packed(texts, lambda part: Revoked(digest, part, REVOCATIONS, more=True)):
        assert isinstance(line, Revoked)
        after += len(line.statements)
        lines.append(attrs.evolve(line, after=after, more=False))
    if lines:
        lines[-1] = attrs.evolve(lines[-1], more=has_more)
    return lines
