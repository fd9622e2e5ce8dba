"""What may have been meant by a name that nothing has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.peer.suggestions import alike, likely
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.wire.messages import Hit
from tests.peer.cases import PeerTestCase

SHARED = ("report.pdf", "Réport 2.pdf", "reporting/notes.txt", "photos/harbor.jpg", "f1.txt")


def hits(*names: str) -> list[Hit]:
    return [Hit(peer="s1", name=name, size=1, file="0" * 64) for name in names]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("port", ("report.pdf", "Réport 2.pdf")),
        ("REPORT", ("report.pdf", "Réport 2.pdf")),
        ("reprot.pdf", ("report.pdf", "Réport 2.pdf")),
        ("reprot", ("report.pdf", "Réport 2.pdf")),
        ("report.txt", ("report.pdf", "Réport 2.pdf")),
        ("habror.jpg", ("harbor.jpg",)),
        ("photos/habror.jpg", ("photos/harbor.jpg",)),
        ("note", ("notes.txt",)),
        ("nothing like it", ()),
        ("f9", ()),
    ],
)
def test_alike(text: str, meant: tuple[str, ...]) -> None:
    """What has the text in it; without any of these, what is much like it."""
    assert alike(text, hits(*SHARED)) == meant


def test_few() -> None:
    """The three nearest are enough."""
    assert alike("f", hits(*(f"f{number}.txt" for number in range(1, 12)))) == (
        "f1.txt",
        "f2.txt",
        "f3.txt",
    )


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("reprot.pdf", ("reprot.pdf", "rep*", "rot")),
        ("a/b/reprot.pdf", ("reprot.pdf", "rep*", "rot")),
        ("f9", ("f9",)),
        ("f[9", ()),
        ("*.txt", ()),
        ("x" * 101, ()),
        ("folder/", ()),
    ],
)
def test_likely(text: str, asked: tuple[str, ...]) -> None:
    """Few questions, and none for what is a pattern or very long."""
    assert likely(text) == asked


WORDS = st.text("abé1-", min_size=1, max_size=30)


@given(st.text(max_size=120), st.lists(st.builds("{}.{}".format, WORDS, WORDS), max_size=20))
def test_anything(text: str, names: list[str]) -> None:
    """Whatever is typed and shared, what is suggested is shared."""
    assert {*alike(text, hits(*names))} <= {*names}


def test_said() -> None:
    """Names with spaces are quoted, as they have to be typed."""
    assert str(NotFound("no peer has x")) == "no peer has x"
    missing = NotFound("no peer has x", ("y.txt", "my x.txt"))
    assert str(missing) == 'no peer has x; did you mean y.txt or "my x.txt"?'


class SuggestionTests(PeerTestCase):
    """Real peers."""

    def test_found(self) -> None:
        """Where nothing has the name, others share what may be meant; of one holder, that one."""
        daemons = self.daemons()
        daemons.start("s1", {"report.pdf": b"one"})
        daemons.start("s2", {"papers/report 2.pdf": b"two"})
        daemons.start("s3")
        daemons.run(8.0)
        for text, holder, meant in (
            ("reprot.pdf", None, ("report.pdf", "report 2.pdf")),
            ("ort", "s2", ("report 2.pdf",)),
            ("nosuch", None, ()),
        ):
            asked = daemons.peers["s3"].get(text, lambda _: None, holder)
            error = self.assertRaises(NotFound, daemons.result, asked)
            self.assertEqual(error.like, meant)
        [word] = daemons.result(daemons.peers["s3"].select(["reprot.pdf"])).failed
        self.assertEqual(word[0], "reprot.pdf")
