"""What Tab makes of a line."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.commands import Choose, Get, Misused
from p2p_twisted.console.completion import Vocabulary, complete
from p2p_twisted.console.parsing import parse


def below(folder: str) -> Iterable[str]:
    """List what this peer shares in a folder."""
    return {"": ("own file.txt", "photos/"), "photos": ("2023/", "a.jpg")}.get(folder, ())


WORDS = Vocabulary(
    names=["report 1.txt", "report 2.txt", "Été.txt", "sub/notes.md", 'a "b" c', "stop it", "x*y"],
    peers=["anna", "ben", "s1", "s10"],
    downloads=[2, 12],
    pushes=[3, 14],
    below=below,
)
NAMES = st.text(st.sampled_from("ab \"'*é-/1"), min_size=1, max_size=8)


class CompleteTests(SynchronousTestCase):
    """Beginnings of lines, and what they become."""

    def test_whole(self) -> None:
        """What can be only one thing is completed, and quoted where it must be."""
        for before, after in [
            ("to", "TOPO "),
            (" tr", " transfers "),
            ("q", "quit "),
            ("limit u", "limit up "),
            ("limit down o", "limit down off "),
            ("help tra", "help transfers "),
            ("help al", "help all "),
            ("invite --u", "invite --uses "),
            ("invite --uses 3 --q", "invite --uses 3 --qr "),
            ("revoke an", "revoke anna "),
            ("revoke --", "revoke --invite "),
            ("mem", "members "),
            ("ls b", "ls ben "),
            ("LS an", "LS anna "),
            ("cancel a", "cancel all "),
            ("pause 1", "pause 12 "),
            ("pause 2 1", "pause 2 12 "),
            ("get f1 --fr", "get f1 --from "),
            ("get f1 --from b", "get f1 --from ben "),
            ("get f1 --from=a", "get f1 --from=anna "),
            ("push not", "push sub/notes.md "),
            ('push "report 1', 'push "report 1.txt" '),
            ("push f1 --to", "push f1 --to "),
            ("push f1 --to be", "push f1 --to ben "),
            ("push f1 --to ben,an", "push f1 --to ben,anna "),
            ("push f1 --to @", "push f1 --to @all "),
            ("accept 1", "accept 14 "),
            ("link not", "link sub/notes.md "),
            ("link f1 --f", "link f1 --for "),
            ("pushes 14 3", "pushes 14 3 "),
            # Names from the last list, in any case, also by their last part
            ("Repo", None),
            ("éT", "Été.txt"),
            ("get not", "get sub/notes.md "),
            ("get x", 'get "x*y" '),
            ("get report\\ 1", None),
            ('get "report 1', 'get "report 1.txt" '),
            ("get 'report 2", "get 'report 2.txt' "),
            ("get report 2", 'get "report 2.txt" '),
            ("get a", "get 'a \"b\" c' "),
            ("get sub/notes.md ow", 'get sub/notes.md "own file.txt" '),
            ("find own", "find own file.txt"),
            ("stop i", None),
            ("sto", None),
            # Own paths
            ("get ph", "get photos/"),
            ("get photos/a", "get photos/a.jpg "),
            ("find photos/2", "find photos/2023/"),
        ]:
            completion = complete(before, WORDS)
            if after is not None:
                assert completion is not None, before
                self.assertEqual(before[: completion.start] + completion.text, after)
                self.assertEqual(completion.choices, ())

    def test_as_far_as_certain(self) -> None:
        """Where several fit, what they have in common is completed; then they are shown."""
        for before, after, choices in [
            ("rep", "report ", ("report 1.txt", "report 2.txt")),
            ("report ", "report ", ("report 1.txt", "report 2.txt")),
            ("get rep", 'get "report ', ("report 1.txt", "report 2.txt")),
            ("ls s", "ls s1", ("s1", "s10")),
            ("pause ", "pause ", ("2", "12", "all")),
            ("limit ", "limit ", ("up", "down")),
            ("p", "p", ("peers", "pause", "push", "pushes", "photos/")),
            ("get photos/", "get photos/", ("photos/2023/", "photos/a.jpg")),
            ("sto", "Stop", ("Stop", "stop it")),
        ]:
            completion = complete(before, WORDS)
            assert completion is not None, before
            self.assertEqual(before[: completion.start] + completion.text, after)
            self.assertEqual(completion.choices, choices)

    def test_nothing(self) -> None:
        """What begins like nothing that is known stays as it is."""
        for before in ("zzz", "get zzz", "TOPO s", "ls zzz", "cancel 7", "limit up 2", "get --x"):
            self.assertIsNone(complete(before, WORDS), before)

    def test_empty(self) -> None:
        """On an empty line, all commands are shown."""
        completion = complete("", Vocabulary())
        assert completion is not None
        self.assertIn("TOPO", completion.choices)

    @given(st.text(st.sampled_from("getfind --from=\"' ab/*é1"), max_size=20))
    def test_any_line(self, before: str) -> None:
        """Any line can be completed, or not."""
        complete(before, WORDS)

    @given(NAMES, st.sampled_from(["get ", "get b ", 'get "', ""]))
    def test_any_name(self, name: str, line: str) -> None:
        """A name that was completed is read as that name again."""
        completion = complete(line + name[:1], Vocabulary(names=[name]))
        if completion is None or completion.choices or name.strip(" /") != name:
            return
        command = parse(line[: completion.start] + completion.text)
        self.assertNotIsInstance(command, Misused | Choose)
        assert isinstance(command, Get)
        self.assertIn(name, (command.name, command.words[-1] if command.words else ""))
