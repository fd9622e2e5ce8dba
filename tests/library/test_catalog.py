"""The index agrees with what a walk over all files would say, after any changes."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import catalog as catalog_module
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import HashedFile, OnDisk, Shared, Signature
from p2p_twisted.library.folders import FolderIds, SharedFile, folders_above
from p2p_twisted.library.matching import last_component, rank
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member, encode

NAMES = ["a", "B/x.txt", "B/y", "B/c/x", "d/x", "d/X.TXT"]
ATTRIBUTES = "a" * 64
CONTENTS = [HashedFile(str(number) * 64, b"") for number in range(3)]


def on_disk(name: str, size: int = 1) -> OnDisk:
    """Make a file that lies nowhere."""
    return OnDisk(name, name, Signature(size, 0, 0))


def hashed(name: str, size: int, content: HashedFile) -> SharedFile:
    """Make one that has been hashed."""
    return SharedFile(on_disk(name, size), content, 100)


def catalog(**sizes: int) -> Catalog:
    """Make a catalog of hashed files."""
    made = Catalog()
    for name, size in sizes.items():
        made.put([hashed(name, size, HashedFile(content_id(name.encode()), b""))])
    return made


class CatalogMachine(RuleBasedStateMachine):
    """Files come, change, and go; a dictionary says what must be found."""

    def __init__(self) -> None:
        super().__init__()
        self.catalog = Catalog()
        self.files: dict[str, tuple[OnDisk, HashedFile | None, int]] = {}

    @rule(
        files=st.lists(
            st.builds(
                SharedFile,
                st.builds(on_disk, st.sampled_from(NAMES), st.integers(0, 200)),
                st.none() | st.sampled_from(CONTENTS),
                st.integers(0, 99),
            ).map(lambda file: file if file.content is None else replace(file, percent=100))
        )
    )
    def put(self, files: list[SharedFile]) -> None:
        for file in files:
            self.files[file.on_disk.name] = (file.on_disk, file.content, file.percent)
        self.catalog.put(files)

    @rule(name=st.sampled_from(NAMES))
    def drop(self, name: str) -> None:
        self.files.pop(name, None)
        self.catalog.drop(name)

    @rule()
    def seal(self) -> None:
        for name in sorted(self.catalog.unsealed):
            manifest = content_id(encode(self.catalog.members(name)))
            self.catalog.seal(name, FolderIds(manifest, ATTRIBUTES))

    def below(self, folder: str) -> dict[str, tuple[OnDisk, HashedFile | None, int]]:
        return {n: f for n, f in sorted(self.files.items()) if n.startswith(f"{folder}/")}

    @invariant()
    def folders(self) -> None:
        names = {above for name in self.files for above in folders_above(name)} - {""}
        shared = self.catalog.all(99)
        assert [each.name for each in shared] == sorted({*names, *self.files})
        for each in shared:
            if each.kind == "file":
                file, content, percent = self.files[each.name]
                size, id_ = file.signature.size, content.file_id if content else None
                assert each == Shared(each.name, "file", size, id_, percent)
            else:
                self.check_folder(each)

    def check_folder(self, shared: Shared) -> None:
        below = self.below(shared.name)
        assert shared.size == sum(file.signature.size for file, _, _ in below.values())
        is_hashed = all(content for _, content, _ in below.values())
        assert (shared.name in self.catalog.unsealed) == (is_hashed and shared.file_id is None)
        assert (shared.hashed == 100) == (shared.file_id is not None)
        if shared.file_id is not None:
            members = [
                Member(content.file_id, file.signature.size, name[len(shared.name) + 1 :])
                for name, (file, content, _) in below.items()
                if content is not None
            ]
            assert shared.file_id == content_id(encode(members))
            assert shared in self.catalog.with_id(shared.file_id, 99)

    @invariant()
    def ids(self) -> None:
        for content in CONTENTS:
            names = [n for n, (_, known, _) in sorted(self.files.items()) if known == content]
            assert [each.name for each in self.catalog.with_id(content.file_id, 99)] == names

    @invariant()
    def sums(self) -> None:
        root = self.catalog.root
        assert root.files == len(self.files)
        assert root.size == sum(file.signature.size for file, _, _ in self.files.values())
        assert root.unhashed == sum(content is None for _, content, _ in self.files.values())

    @invariant()
    def children(self) -> None:
        for name in ("", "B", "B/c"):
            prefix = f"{name}/" if name else ""
            inside = [n[len(prefix) :] for n in self.files if n.startswith(prefix)]
            children = {prefix + rest.partition("/")[0] for rest in inside}
            assert self.catalog.children(name) == children
            assert self.catalog.files_below(name) == sorted(prefix + rest for rest in inside)


CatalogMachine.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
CatalogTests = CatalogMachine.TestCase


class SearchTests(SynchronousTestCase):
    """What searches find, in which order."""

    def test_named(self) -> None:
        """The best name is first, whatever the order they came in."""
        names = ["F1", "z/f1", "f1.txt", "F1.txt/x", "a/F1.TXT", "f1", "a/f1.txt", "f12", "f1/y"]
        made = catalog(**dict.fromkeys(names[:5] + names[6:], 1))
        found = [each.name for each in made.named("f1", 99)]
        self.assertEqual(found, ["f1", "z/f1", "f1.txt", "a/f1.txt", "F1", "F1.txt", "a/F1.TXT"])
        self.assertEqual([each.name for each in made.named("f1", 2)], ["f1", "z/f1"])

    def test_named_as_ranked(self) -> None:
        """The order is that of the ranks, and then of the names."""
        texts = ["f1", "F1", "f1.txt", "F1.TXT", "a/f1", "A/F1", "f1.txt.txt"]
        names = [f"{above}{text}" for above in ("", "b/", "a/b/") for text in texts]
        made = catalog(**dict.fromkeys(names, 1))
        for typed in texts:
            ranked = sorted(
                (place, each) for each in names if (place := rank(each, typed)) is not None
            )
            found = [each.name for each in made.named(typed, 99) if each.kind == "file"]
            self.assertEqual(found, [name for _, name in ranked])

    def test_very_many_named_the_same(self) -> None:
        """Of very many files of one name, or one content, no more are looked at than wanted."""
        made = Catalog()
        for number in range(2_000):
            made.put([hashed(f"d{number}/index.js", 1, CONTENTS[0])])
        looked: list[str] = []

        def look(path: str) -> str:
            looked.append(path)
            return last_component(path)

        self.patch(catalog_module, "last_component", look)
        self.assertEqual(made.named("index.js", 10)[0].name, "d0/index.js")
        self.assertLess(len(looked), 20)
        index = made._by_id
        self.assertIs(index.in_order(CONTENTS[0].file_id), index.in_order(CONTENTS[0].file_id))
        made.drop("d0/index.js")
        self.assertEqual(made.named("index.js", 10)[0].name, "d1/index.js")
        self.assertEqual(made.with_id(CONTENTS[0].file_id, 1)[0].name, "d1/index.js")

    def test_named_path(self) -> None:
        """A path means that path alone."""
        made = catalog(**{"a/f1.txt": 1, "b/a/f1.txt": 1, "f1.txt": 1})
        self.assertEqual([each.name for each in made.named("a/f1", 9)], ["a/f1.txt"])

    def test_matching(self) -> None:
        """Everything that fits is found, by name, up to the limit."""
        made = catalog(**{"b/report": 1, "a/Reports/x": 1, "report/y": 1, "other": 1})
        found = [each.name for each in made.browse("report") if each]
        self.assertEqual(found, ["a/Reports", "b/report", "report"])
        self.assertEqual(
            [each.name for each in made.browse("?") if each], ["a", "a/Reports/x", "b", "report/y"]
        )

    def test_too_large(self) -> None:
        """A folder that cannot be described is not found, though its files are."""
        self.patch(catalog_module, "FILE_BYTES", 10)
        made = catalog(**{"a/x": 6, "a/y": 5, "b/z": 1})
        self.assertEqual([each.name for each in made.all(9)], ["a/x", "a/y", "b", "b/z"])
        [large] = made.named("a", 9)
        self.assertEqual((large.size, large.file_id, large.hashed), (10, None, 100))
        made.seal("b", None)
        self.assertEqual([each.size for each in made.named("b", 9)], [1])
        self.assertEqual([each.name for each in made.all(9)], ["a/x", "a/y", "b/z"])
        made.drop("a/y")
        made.put([hashed("b/z", 2, CONTENTS[0])])
        self.assertEqual([each.name for each in made.all(9)], ["a", "a/x", "b", "b/z"])
