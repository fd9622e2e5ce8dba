"""Find the download or the question that a person wants explained."""

from collections.abc import Sequence

import attrs

from p2p_twisted.explain.explanation import Explanation, explanation_of, explanation_of_find
from p2p_twisted.explain.facts import Facts, QuestionFacts
from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.library.matching import last_component, rank
from p2p_twisted.peer_errors import Unknown
from p2p_twisted.wire.names import collision_key


def explained(what: str | None, downloads: Sequence[Facts], questions: QuestionLog) -> Explanation:
    """
    Explain a download, or a question.

    :param what: the number of a download, or the name of one, or what was asked; ``None`` for what
        was begun last.
    :raises Unknown: when nothing is known of it.
    """
    download = _download(what, downloads)
    question = _question(what, questions.finds)
    if download is not None and (what is not None or not _is_later(question, download)):
        of_content = questions.of_content(download.file_id)
        return explanation_of(attrs.evolve(download, question=of_content))
    if question is not None:
        return explanation_of_find(question)
    if what is None:
        raise Unknown("nothing was downloaded or asked yet: get a file, and then explain it")
    raise Unknown(
        f"nothing is known of {what!r}: say the number or the name of a download, see transfers,"
        " or what was asked of all peers"
    )


def _download(what: str | None, downloads: Sequence[Facts]) -> Facts | None:
    """Find the last one that is meant: by its number, or its name as one gets files by it."""
    kinds = (
        [each for each in downloads if what in (None, str(each.number))],
        [each for each in downloads if each.name == what],
        [each for each in downloads if each.name.endswith(f"/{what}")],
        [each for each in downloads if what is not None and _is_called(each.name, what)],
    )
    return next((fitting[-1] for fitting in kinds if fitting), None)


def _is_called(name: str, typed: str) -> bool:
    """Return whether a name is meant in another case, or without its ending."""
    stem, _dot, _ending = last_component(name).rpartition(".")
    return rank(name, typed) is not None or collision_key(stem) == collision_key(typed)


def _question(what: str | None, finds: Sequence[QuestionFacts]) -> QuestionFacts | None:
    fitting = [each for each in finds if what in (None, each.text)]
    return fitting[-1] if fitting else None


def _is_later(question: QuestionFacts | None, download: Facts) -> bool:
    return question is not None and question.at > download.began
