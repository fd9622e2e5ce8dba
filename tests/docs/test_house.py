"""The reader of the package's imports notices what it is there to notice."""

from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from docs.house import House, Import, read
from docs.picture import draw

TYPE_CHECKING = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    "


def house(**modules: str) -> House:
    """Read a package of these modules, whose names have ``__`` for dots."""
    with TemporaryDirectory() as folder:
        for name, source in modules.items():
            path = Path(folder, "p2p_twisted", *name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
            (path.parent / "__init__.py").touch()
        return read(Path(folder))


class ReadTests(SynchronousTestCase):
    """What modules import."""

    def test_names_and_modules(self) -> None:
        """A name that is imported from a module counts as that module, in whatever way."""
        built = house(
            a__one="from p2p_twisted.a.two import X",
            a__two="import p2p_twisted.b.three",
            b__three="from p2p_twisted.b import four",
            b__four="def f():\n    from time import monotonic",
        )
        self.assertEqual(
            built.imports,
            {
                Import("a.one", "a.two", for_types=False),
                Import("a.two", "b.three", for_types=False),
                Import("b.three", "b.four", for_types=False),
            },
        )
        self.assertEqual(built.outside, {Import("b.four", "time.monotonic", for_types=False)})
        self.assertEqual(built.arrows(), {("a", "b")})
        self.assertEqual(built.modules_with("time"), {"a.one", "a.two", "b.three", "b.four"})

    def test_for_types(self) -> None:
        """What only type checkers follow is marked, and makes nothing impure."""
        built = house(
            a__one=TYPE_CHECKING + "from p2p_twisted.a.two import X", a__two="import time"
        )
        self.assertEqual(built.imports, {Import("a.one", "a.two", for_types=True)})
        self.assertEqual(built.modules_with("time"), {"a.two"})

    def test_circles(self) -> None:
        """A circle is found, through other modules and through imports for types."""
        built = house(
            a__one="import p2p_twisted.a.two",
            a__two="import p2p_twisted.a.three",
            a__three=TYPE_CHECKING + "import p2p_twisted.a.one",
            a__four="import p2p_twisted.a.one",
        )
        self.assertEqual(built.circles(), [["a.one", "a.three", "a.two"]])


class PictureTests(SynchronousTestCase):
    """The picture of a house."""

    def test_arrows(self) -> None:
        """Each arrow is drawn that does not follow from others; a long one passes the floors."""
        sizes = dict.fromkeys("abcd", (1, 10))
        arrows = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}
        svg = draw([["a"], ["b"], ["c", "d"]], sizes, arrows)
        self.assertEqual(svg.count('marker-end="url(#head)"'), 3)
        self.assertEqual(svg.count('class="arrow"'), 4)
        self.assertEqual(svg.count('class="room"'), 4)
