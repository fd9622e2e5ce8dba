"""Names of a folder that are not looked at one by one are as good as those that are."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2p_twisted.library.listing import _are_usual
from p2p_twisted.wire.limits import COMPONENT_BYTES, PATH_BYTES, PATH_COMPONENTS
from p2p_twisted.wire.names import check_path, collision_key

_NAMES = st.text(st.characters(max_codepoint=0xFF, exclude_characters="/"), min_size=1, max_size=4)
_LONG = "a" * COMPONENT_BYTES


@given(folder=st.sampled_from(["", "a/b"]), names=st.lists(_NAMES, unique=True, max_size=5))
@example("", ["a\nb"])
@example("", ["a", "A"])
@example("", ["a", "con"])
@example("", [_LONG + "a"])
@example("/".join([_LONG] * (PATH_BYTES // COMPONENT_BYTES)), ["a", "bcde"])
@example("/".join("a" * PATH_COMPONENTS), ["a"])
@settings(max_examples=300)
def test_usual(folder: str, names: list[str]) -> None:
    """Each of them passes, and no two could be mistaken for each other."""
    if _are_usual(folder, names):
        for name in names:
            assert name.isascii()
            check_path(f"{folder}/{name}" if folder else name)
        assert len(set(map(collision_key, names))) == len(names)


def test_most_are() -> None:
    """What people and cameras call files is usual."""
    assert _are_usual("Photos", ["Holiday 2024 (1).jpg", "IMG_0001.JPG", "notes-2.txt", "README"])
    assert _are_usual("/".join(["a" * 200] * 4), ["a" * 200])
