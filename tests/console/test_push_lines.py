"""Pushes and their boards, as lines."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.push_lines import (
    ShownBoard,
    ShownPush,
    ShownReceipt,
    asked_line,
    board_lines,
    counts_text,
    push_lines,
    pushed_line,
)
from p2p_twisted.console.text import cells

DATE = 1_800_000_000.0
UNTIL = date_text(DATE)
PUSH = ShownPush(
    number=3,
    name="lesson.tar",
    size=1_288_490_188,
    is_folder=False,
    sender="anna",
    to=("@all",),
    until=DATE,
)
ROWS = (
    ShownReceipt("ben", "fetching", 0.63, 3_355_443.2),
    ShownReceipt("carla-maria", "no space", reason="needs 1.2 GiB, and has 300.0 MiB"),
    ShownReceipt("dora", "refused"),
    ShownReceipt("emil", "off"),
)
COUNTS = {"off": 1, "saved": 28, "fetching": 1, "no space": 1, "refused": 1}
BOARD = ShownBoard(
    push=PUSH, counts=COUNTS, rows=ROWS, done=0.52, rate=25_480_396.8, seconds_left=72.0
)
MANY = attrs.evolve(
    BOARD,
    counts={"saved": 9_950, "fetching": 20, "off": 30},
    rows=tuple(ShownReceipt(f"s{number}", "fetching", 0.5) for number in range(16)),
)


class BoardTests(SynchronousTestCase):
    """What one screen shows of how a push goes."""

    def test_named_and_off(self) -> None:
        """Where a peer that is named is off, its sender is told what becomes of that."""
        named = attrs.evolve(BOARD, push=attrs.evolve(PUSH, to=("ben", "emil")))
        hint = "who is off gets it on coming by that name"
        self.assertIn(hint, board_lines(named)[-1])
        self.assertTrue(all(cells(line) <= 40 for line in board_lines(named, 40)))
        received = attrs.evolve(named, push=attrs.evolve(named.push, state="saved"))
        over = attrs.evolve(named, push=attrs.evolve(named.push, is_over=True))
        for other in (BOARD, received, over, attrs.evolve(named, is_unshared=True)):
            self.assertNotIn(hint, board_lines(other)[-1])
        self.assertNotIn(hint, board_lines(named, height=24)[-1])

    def test_whole(self) -> None:
        """One bar for all, how many have it, and a line for each that has not."""
        self.assertEqual(
            board_lines(BOARD, 80, 24),
            [
                "lesson.tar  [#####-----]  52 %  1.2 GiB  24.3 MiB/s  1:12 left  to @all",
                "28 of 32 have it, 1 fetching, 1 refused, 1 no space, 1 off",
                "  ben          fetching   63 %  3.2 MiB/s",
                "  carla-maria  no space  needs 1.2 GiB, and has 300.0 MiB",
                "  dora         refused",
                "  emil         off",
            ],
        )

    def test_fits(self) -> None:
        """No line is wider than the terminal, and there are no more than it has."""
        for board in (BOARD, MANY, attrs.evolve(BOARD, unaware=7)):
            for width in (1, 12, 20, 40, 79, 119):
                lines = board_lines(board, width)
                self.assertLessEqual(max(map(cells, lines)), width, lines)
            for height in range(4, 30):
                self.assertLessEqual(len(board_lines(board, 80, height)), height)

    def test_narrow(self) -> None:
        """A number stays with what it counts, and no figure is cut."""
        _all, *lines = board_lines(BOARD, 40)
        self.assertEqual(
            lines,
            [
                "28 of 32 have it, 1 fetching, 1 refused,",
                "    1 no space, 1 off",
                "  ben          fetching   63 %",
                "  carla-maria  no space  needs 1.2 Gi...",
                "  dora         refused",
                "  emil         off",
            ],
        )

    def test_more(self) -> None:
        """Of very many, those that do not fit are counted, also those that no row tells of."""
        lines = board_lines(MANY, 80, 10)
        self.assertEqual(lines[1], "9,950 of 10,000 have it, 20 fetching, 30 off")
        self.assertEqual(lines[-1], "  and 43 more")
        self.assertEqual(len(lines), 10)
        self.assertEqual(board_lines(MANY)[-1], "  and 34 more")

    def test_not_heard_from(self) -> None:
        """Until all have been heard, nobody is said to be off, and there may be more."""
        rows = (*ROWS[:2], ShownReceipt("emil", "not heard from"))
        counts = {"saved": 28, "fetching": 1, "no space": 1, "not heard from": 9}
        lines = board_lines(attrs.evolve(BOARD, counts=counts, rows=rows, is_whole=False), 80)
        self.assertEqual(
            lines[1], "28 of at least 39 have it, 1 fetching, 1 no space, 9 not heard from"
        )
        self.assertEqual(lines[-2:], ["  emil         not heard from", "  and 8 more"])

    def test_done(self) -> None:
        """Nothing is left then; whoever has it needs no line."""
        rows = (ShownReceipt("ben", "saved", 1.0),)
        done = attrs.evolve(BOARD, counts={"saved": 1}, rows=rows, done=1.0, is_done=True)
        self.assertEqual(
            board_lines(done, 80),
            [
                "lesson.tar  [####################] 100 %  1.2 GiB  to @all",
                "1 of 1 have it",
            ],
        )

    def test_nobody(self) -> None:
        """Until somebody has heard of it, that is said, and who has not."""
        none = attrs.evolve(BOARD, counts={}, rows=(), done=0.0, unaware=2)
        self.assertEqual(
            board_lines(none)[1:], ["nobody tells of it yet, 2 more tell nothing of it"]
        )

    def test_nobody_is_here(self) -> None:
        """Once all have been heard, and none is meant, such as of a group, that is said."""
        none = attrs.evolve(BOARD, counts={}, rows=(), done=0.0, is_done=True)
        self.assertEqual(board_lines(none)[1:], ["nobody whom it is for is here"])
        over = attrs.evolve(none, push=attrs.evolve(PUSH, is_over=True))
        self.assertEqual(counts_text(over), f"{counts_text(none)}, and anna pushes it no more")

    def test_forged(self) -> None:
        """What others say cannot move the cursor, nor take many lines."""
        row = ShownReceipt("ben", "failed", reason="\x1b[2J\n" + "x" * 5_000)
        [line] = board_lines(attrs.evolve(BOARD, counts={"failed": 1}, rows=(row,)))[2:]
        self.assertTrue(line.isprintable())
        self.assertLess(len(line), 120)


class PushLinesTests(SynchronousTestCase):
    """The list of pushes, and what is said of one."""

    def test_list(self) -> None:
        """Own ones say to whom and until when, others from whom, and how it stands."""
        asked = attrs.evolve(PUSH, number=12, name="photos", is_folder=True, state="asked")
        over = attrs.evolve(PUSH, number=4, to=("anna", "ben", "@lab", "carl"), is_over=True)
        self.assertEqual(
            [*push_lines((PUSH, over, asked), 90)],
            [
                f" 3  lesson.tar  1.2 GiB  to @all                        until {UNTIL}",
                " 4  lesson.tar  1.2 GiB  to anna, ben, @lab and 1 more  over",
                "12  photos/     1.2 GiB  from anna                      asked",
                "3 pushes",
            ],
        )
        self.assertEqual([*push_lines(())], ["0 pushes"])

    def test_why(self) -> None:
        """Why one has failed is behind it, as much of that as there is room for."""
        failed = attrs.evolve(PUSH, state="failed", reason="the disk is\x1b full")
        [line, second, _count] = push_lines((failed, attrs.evolve(PUSH, number=4)))
        self.assertIn("from anna  failed", line)
        self.assertTrue(line.isprintable() and line.endswith(" full"), line)
        self.assertTrue(second.endswith(UNTIL), second)
        [line, _count] = push_lines((failed,), 60)
        self.assertIn("failed  the disk", line)
        self.assertLessEqual(len(line), 60)
        over = attrs.evolve(failed, is_over=True)
        self.assertTrue(next(push_lines((over,))).endswith("over"))

    def test_one(self) -> None:
        """One push is counted as one."""
        self.assertEqual([*push_lines((PUSH,), 30)][1], "1 push")

    def test_said(self) -> None:
        """What was pushed until when, and what there is to answer."""
        self.assertEqual(
            pushed_line(PUSH, "pushes 3"),
            f"pushed lesson.tar (1.2 GiB) to @all until {UNTIL}: pushes 3 shows how it goes",
        )
        lacking = pushed_line(attrs.evolve(PUSH, left_out=1_200), "pushes 3")
        self.assertIn("goes; 1,200 in it not shared: hidden, or status says why", lacking)
        self.assertEqual(
            asked_line(attrs.evolve(PUSH, name="a\u202eb")),
            r"anna pushes a\u202eb (1.2 GiB): accept 3 gets it, refuse 3 does not",
        )
