"""The line being typed."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.editor import LineEditor
from p2p_twisted.console.history import HISTORY_LINES, History
from p2p_twisted.console.keys import Key


def typed(*keys: str | Key, editor: LineEditor | None = None) -> str:
    """Type texts and keys; the cursor is shown as ``|``."""
    editor = editor or LineEditor()
    for key in keys:
        for press in key if isinstance(key, str) else [key]:
            editor.press(press)
    return f"{editor.text[: editor.cursor]}|{editor.text[editor.cursor :]}"


class LineEditorTests(SynchronousTestCase):
    """What keys do to a line."""

    def test_editing(self) -> None:
        """Each key does to the line what people expect of it."""
        cases: list[tuple[tuple[str | Key, ...], str]] = [
            (("abc",), "abc|"),
            (("abc", Key.BACKSPACE), "ab|"),
            ((Key.BACKSPACE, Key.DELETE, Key.LEFT, Key.RIGHT, Key.ERASE_WORD), "|"),
            (("abc", Key.LEFT, Key.LEFT, "x"), "ax|bc"),
            (("abc", Key.HOME, "x", Key.END, "y"), "xabcy|"),
            (("abc", Key.HOME, Key.DELETE), "|bc"),
            (("abc", Key.LEFT, Key.ERASE_LINE), "|c"),
            (("find two words ", Key.ERASE_WORD), "find two |"),
            (("find two words", Key.LEFT, Key.ERASE_WORD), "find two |s"),
            (("word", Key.ERASE_WORD), "|"),
            (("日本", Key.BACKSPACE), "日|"),
            # Words of letters and digits, and what is between spaces
            (("get my-file.txt", Key.WORD_LEFT), "get my-file.|txt"),
            (("get my-file.txt", *[Key.WORD_LEFT] * 3), "get |my-file.txt"),
            (("a b", *[Key.WORD_LEFT] * 5), "|a b"),
            (("get my-file", Key.HOME, Key.WORD_RIGHT, Key.WORD_RIGHT), "get my|-file"),
            (("a b", Key.WORD_RIGHT), "a b|"),
            (("e\u0301te\u0301 x", *[Key.WORD_LEFT] * 2), "|e\u0301te\u0301 x"),
            (("get my-file", Key.ERASE_WORD_LEFT), "get my-|"),
            (("get my-file", Key.HOME, Key.ERASE_WORD_RIGHT), "| my-file"),
            (("abc", Key.LEFT, Key.ERASE_END), "ab|"),
            # What was erased last comes back; erased in a row, it is one
            (("one two", Key.ERASE_WORD, Key.HOME, Key.YANK), "two|one "),
            (("one two", Key.ERASE_WORD, Key.ERASE_WORD, Key.YANK, Key.YANK), "one twoone two|"),
            (("ab", Key.LEFT, Key.ERASE_END, Key.ERASE_LINE, Key.YANK), "ab|"),
            (("a b", Key.ERASE_WORD, "c", Key.ERASE_WORD, Key.YANK), "a c|"),
            ((Key.YANK,), "|"),
            (("abc", Key.TRANSPOSE), "acb|"),
            (("abc", Key.HOME, Key.RIGHT, Key.TRANSPOSE), "ba|c"),
            (("abc", Key.HOME, Key.TRANSPOSE), "|abc"),
            (("a", Key.TRANSPOSE), "a|"),
            (("xe\u0301", Key.TRANSPOSE), "e\u0301x|"),
            # An accent of its own goes with its letter.
            (("xe\u0301", Key.BACKSPACE), "x|"),
            (("xe\u0301", Key.LEFT), "x|e\u0301"),
            (("e\u0301x", Key.HOME, Key.RIGHT), "e\u0301|x"),
            (("e\u0301x", Key.HOME, Key.DELETE), "|x"),
        ]
        for keys, line in cases:
            self.assertEqual(typed(*keys), line, keys)

    def test_history(self) -> None:
        """Up and down walk the lines entered; what was being typed comes back."""
        editor = LineEditor()
        for line in ("one", "two", "two", "  "):
            typed(line, editor=editor)
            editor.history.add(editor.text)
            self.assertEqual(editor.enter(), line)
        self.assertEqual(typed("dra", Key.UP, editor=editor), "two|")
        self.assertEqual(typed(Key.UP, editor=editor), "one|")
        self.assertEqual(typed(Key.UP, editor=editor), "one|")
        self.assertEqual(typed(Key.DOWN, Key.DOWN, editor=editor), "dra|")
        self.assertEqual(typed(Key.DOWN, editor=editor), "dra|")

    def test_bounds(self) -> None:
        """Neither the line nor the history grows for ever."""
        editor = LineEditor()
        for number in range(HISTORY_LINES + 10):
            editor.history.add(str(number))
        typed(*[Key.UP] * (HISTORY_LINES + 10), editor=editor)
        self.assertEqual(editor.text, "10")
        typed("x" * 20_000, editor=editor)
        self.assertEqual(len(editor.text), 4_096)


class HistoryTests(SynchronousTestCase):
    """Lines that were entered."""

    def test_add(self) -> None:
        """Neither blank lines nor repetitions get in, nor what a person hides by a space."""
        history = History(["old"])
        for line, is_added in [("a", True), ("a", False), (" secret", False), ("  ", False)]:
            self.assertEqual(history.add(line), is_added)
        self.assertEqual([history[back] for back in (1, 2)], ["a", "old"])

    def searched(self, *keys: str | Key) -> tuple[LineEditor, str]:
        """Search among some lines."""
        editor = LineEditor(History(["get one", "find two", "get Three"]))
        return editor, typed("dra", Key.SEARCH, *keys, editor=editor)

    def test_search(self) -> None:
        """Each key finds the newest line that fits, the search key an older one."""
        for keys, line, text in [
            ((), "dra|", ""),
            (("g",), "get Three|", "g"),
            (("get", Key.SEARCH), "get one|", "get"),
            (("get", Key.SEARCH, Key.SEARCH), "get one|", "get"),
            (("tw",), "find two|", "tw"),
            (("three",), "get Three|", "three"),
            (("get o", Key.BACKSPACE), "get Three|", "get "),
        ]:
            editor, shown = self.searched(*keys)
            assert editor.search is not None
            self.assertEqual((shown, editor.search.text), (line, text))

    def test_search_fails(self) -> None:
        """Where nothing fits, what was found last stays, and it is told."""
        editor, shown = self.searched("two", "x")
        assert editor.search is not None
        self.assertEqual((shown, editor.search.has_failed), ("find two|", True))

    def test_search_ends(self) -> None:
        """Another key is for the line that was found; it can be given up; Enter takes it."""
        for keys, line in [
            (("one", Key.HOME), "|get one"),
            (("one", Key.UP), "get one|"),
            (("one", Key.DOWN), "find two|"),
            (("one", Key.ABANDON), "dra|"),
        ]:
            editor, shown = self.searched(*keys)
            self.assertEqual((shown, editor.search), (line, None))
        editor, _shown = self.searched("one")
        self.assertEqual(editor.enter(), "get one")
        self.assertIsNone(editor.search)
