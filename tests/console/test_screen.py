"""What a person sees of the console, whatever is printed while a line is being typed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.layout import wrapped
from p2p_twisted.console.screen import Screen
from p2p_twisted.console.text import FailureLine, cells, visible
from tests.console.virtual_terminal import VirtualTerminal

PROMPT = "s2 (3)> "
WIDTH = 40
TYPED = st.text(st.sampled_from("ab é日本e\u0301🎉\u200d\u202f"), max_size=60)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("print"), st.text(st.characters(codec=None, categories=None), max_size=30)
        ),
        st.tuples(st.just("status"), st.sampled_from(["", "f1.txt", "日" * 30, "x" * 200])),
        st.tuples(st.just("edit"), st.tuples(TYPED, st.integers(0, 60))),
        st.tuples(st.just("commit"), st.just("topo")),
    )
)


class Seen:
    """A screen, and the terminal that shows it."""

    def __init__(self, width: int = WIDTH) -> None:
        self.terminal = VirtualTerminal(width)
        self.screen = Screen()
        self.screen.resize(width)
        self.screen.prompt = PROMPT
        self.show(self.screen.draw())

    def show(self, text: str) -> None:
        """Show what the screen wants to be written."""
        self.terminal.write(text.encode())

    def do(self, step: str, what: Any) -> None:
        """Do one of the steps that a console may take."""
        if step == "print":
            self.show(self.screen.print([what]))
        elif step == "status":
            self.screen.status = what
            self.show(self.screen.draw())
        elif step == "edit":
            text, cursor = what
            self.show(self.screen.edit(text, min(cursor, len(text))))
        else:
            self.show(self.screen.commit(what))

    @property
    def lines(self) -> list[str]:
        """What a person sees."""
        return self.terminal.lines


class ScreenTests(SynchronousTestCase):
    """Lines that stay, above a region drawn again and again."""

    def test_prints_above_the_line_being_typed(self) -> None:
        """What is printed stands above, and the line is whole below it."""
        seen = Seen()
        seen.do("edit", ("top", 3))
        seen.do("print", "s4 joined")
        seen.do("edit", ("topo", 4))
        self.assertEqual(seen.lines, ["s4 joined", PROMPT + "topo"])
        seen.do("commit", "topo")
        self.assertEqual(seen.lines, ["s4 joined", PROMPT + "topo", PROMPT.rstrip()])

    def test_invisible_characters(self) -> None:
        """What shows nothing is seen while it is typed, and the cursor is where it should be."""
        seen, text = Seen(), "at 1.23\u202fPM \u200cx"
        for cursor in range(len(text) + 1):
            seen.do("edit", (text, cursor))
            self.assertEqual(seen.lines[-1], PROMPT + visible(text))
            self.assertEqual(seen.terminal.column, len(PROMPT) + len(visible(text[:cursor])))

    def test_status(self) -> None:
        """The status stands between what stays and the prompt, and goes without a trace."""
        seen = Seen()
        seen.do("edit", ("ab", 1))
        seen.do("status", "50 %")
        seen.do("print", "s4 joined")
        seen.do("status", "51 %")
        self.assertEqual(seen.lines, ["s4 joined", "51 %", PROMPT + "ab"])
        self.assertEqual(seen.terminal.column, len(PROMPT) + 1)
        seen.do("status", "")
        self.assertEqual(seen.lines, ["s4 joined", PROMPT + "ab"])

    def test_long_line(self) -> None:
        """Of a line longer than the window the part before the cursor is seen."""
        seen = Seen(20)
        seen.do("edit", ("0123456789abcdef", 16))
        self.assertEqual(seen.lines, [PROMPT + "56789abcdef"])
        seen.do("edit", ("0123456789abcdef", 3))
        self.assertEqual(seen.lines, [PROMPT + "0123456789a"])
        self.assertEqual(seen.terminal.column, len(PROMPT) + 3)

    def test_wraps_between_words(self) -> None:
        """A line that is too wide goes on below, indented."""
        seen = Seen(20)
        seen.do("print", "saved f1 to Downloads/f1")
        self.assertEqual(seen.lines, ["saved f1 to", "    Downloads/f1", PROMPT.rstrip()])

    def test_color(self) -> None:
        """Failures are red where that is wanted, and only they."""
        for has_color, failed in [
            (True, "\x1b[31mno peer has it\x1b[m"),
            (False, "no peer has it"),
        ]:
            screen = Screen(has_color)
            self.assertIn(f"{failed}\r\n", screen.print([FailureLine("no peer has it")]))
            self.assertNotIn("m", screen.print(["1 file"]))

    def test_narrower(self) -> None:
        """A terminal that becomes narrower keeps no remains of what was drawn before."""
        for step, what in [
            ("status", "51 %"),
            ("status", ""),
            ("print", "s4 joined"),
            ("edit", ("top", 3)),
            ("commit", "top"),
        ]:
            seen = Seen(80)
            seen.do("print", "this is s2")
            seen.do("edit", ("to 日本 " * 8, 40))
            seen.do("status", "日本 " * 12)
            seen.terminal.resize(20)
            seen.screen.resize(20)
            seen.do(step, what)
            stays = {"print": ["s4 joined"], "commit": [PROMPT + "top"]}.get(step, [])
            self.assertEqual(seen.lines[1 : 1 + len(stays)], stays)
            self.assertEqual(len(seen.lines), 1 + len(stays) + bool(seen.screen.status) + 1)
            self.assertEqual(seen.lines[-1][:7], PROMPT.rstrip())

    def test_hidden(self) -> None:
        """While another process uses the terminal, there is no region, but lines are printed."""
        seen = Seen()
        seen.screen.hide()
        seen.show("\r\n$ ls\r\n" + seen.screen.print(["s4 joined"]) + seen.screen.draw())
        seen.screen.show()
        seen.show(seen.screen.draw())
        self.assertEqual(seen.lines, [PROMPT.rstrip(), "$ ls", "s4 joined", PROMPT.rstrip()])

    def test_clear(self) -> None:
        """A cleared terminal shows the region alone."""
        seen = Seen()
        seen.do("print", "old")
        seen.do("status", "50 %")
        seen.show(seen.screen.clear())
        self.assertEqual(seen.lines, ["50 %", PROMPT.rstrip()])

    @given(STEPS, st.sampled_from([9, 20, WIDTH]))
    def test_never_garbage(self, steps: list[tuple[str, Any]], width: int) -> None:
        """Whatever is done: all that was to stay, in order, then the status, then the prompt."""
        seen, stays = Seen(width), VirtualTerminal(width)
        text, cursor = "", 0
        for step, what in steps:
            seen.do(step, what)
            if step == "print":
                stays.write("".join(f"{p}\r\n" for p in wrapped(visible(what), width - 1)).encode())
            elif step == "commit":
                stays.write("".join(f"{p}\r\n" for p in wrapped(PROMPT + what, width - 1)).encode())
                text, cursor = "", 0
            elif step == "edit":
                text, cursor = visible(what[0]), len(visible(what[0][: what[1]]))
        staying = stays.lines[:-1]
        self.assertEqual(seen.lines[: len(staying)], staying)
        *status, prompt = seen.lines[len(staying) :]
        self.assertEqual([line[:1] for line in status], [seen.screen.status[:1]] * len(status))
        self.assertEqual(len(status), bool(seen.screen.status))
        shown = prompt.removeprefix(PROMPT[: width - 2].rstrip()).strip()
        self.assertIn(shown, text)
        self.assertEqual(seen.terminal.row, len(seen.lines) - 1)
        before = min(cells(text[:cursor]), width - 1 - len(PROMPT[: width - 2]))
        # A wide character may not fit into the last cell.
        self.assertIn(len(PROMPT[: width - 2]) + before - seen.terminal.column, (0, 1))
