"""
Draw rooms on their floors, with an arrow from each to those that it imports, as SVG.

Only arrows that do not follow from others are drawn. An arrow that passes floors has a
place of its own on each of them; arrows to the same room share these.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise, permutations
from typing import Final, TypeAlias

# A room, or a place where arrows to a room pass a floor.
_Place: TypeAlias = str | tuple[str, int]
_Floors: TypeAlias = list[list[_Place]]
# In one order, so that sums of them are always the same.
_Arrows: TypeAlias = list[tuple[_Place, _Place]]

_WIDTH: Final = 680
_BOX: Final = (112, 62)
_STOREY: Final = 114
_MARGIN: Final = 16
_GAP: Final = 16

_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="system-ui, sans-serif" text-anchor="middle">
<title>The rooms of p2p_twisted, and what each imports</title>
<style>
  .paper {{ fill: #ffffff }} .room {{ fill: #eef3fb; stroke: #5b7db1 }}
  .name {{ fill: #14213d; font-size: 15px; font-weight: 600 }}
  .size {{ fill: #44506a; font-size: 12px }}
  .arrow {{ fill: none; stroke: #7a8699; stroke-width: 1.5 }} .head {{ fill: #7a8699 }}
  @media (prefers-color-scheme: dark) {{
    .paper {{ fill: #15181e }} .room {{ fill: #212c3f; stroke: #7f9fd1 }}
    .name {{ fill: #f0f4fa }} .size {{ fill: #b6c1d3 }}
    .arrow {{ stroke: #8a96a9 }} .head {{ fill: #8a96a9 }}
  }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
<rect class="paper" width="{width}" height="{height}" rx="8"/>"""


def draw(
    floors: Sequence[Sequence[str]],
    sizes: dict[str, tuple[int, int]],
    arrows: set[tuple[str, str]],
) -> str:
    """
    Draw a house.

    :param floors: the rooms of each floor, from the top.
    :param sizes: for each room, how many files and lines it has.
    :param arrows: pairs of which the first imports the second, which is on a lower floor.
    """
    places, joints = _with_passages(floors, _direct(arrows))
    places = _ordered(places, joints)
    across = _positions(places, joints)
    height = len(floors) * _STOREY
    down = {
        place: row * _STOREY + _STOREY // 2 for row, floor in enumerate(places) for place in floor
    }
    parts = [_HEAD.format(width=_WIDTH, height=height)]
    for upper, lower in joints:
        parts.append(_arrow(upper, lower, across, down))
    for name in sorted(sizes):
        parts.append(_box(across[name], down[name], name, *sizes[name]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _direct(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Leave out each arrow that others make up together."""
    below: dict[str, set[str]] = {}

    def all_below(name: str) -> set[str]:
        if name not in below:
            nexts = {lower for upper, lower in arrows if upper == name}
            below[name] = nexts.union(*map(all_below, nexts))
        return below[name]

    return {
        (upper, lower)
        for upper, lower in arrows
        if not any(lower in all_below(other) for above, other in arrows if above == upper)
    }


def _with_passages(
    floors: Sequence[Sequence[str]], arrows: set[tuple[str, str]]
) -> tuple[_Floors, _Arrows]:
    """Give arrows that pass floors a place on each; return all places and the arrows by them."""
    row_of = {name: row for row, floor in enumerate(floors) for name in floor}
    places: _Floors = [list(floor) for floor in floors]
    joints: set[tuple[_Place, _Place]] = set()
    for upper, lower in sorted(arrows):
        way: list[_Place] = [upper]
        for row in range(row_of[upper] + 1, row_of[lower]):
            passage = (lower, row)
            if passage not in places[row]:
                places[row].append(passage)
            way.append(passage)
        joints.update(pairwise([*way, lower]))
    return places, sorted(joints, key=str)


def _ordered(floors: _Floors, arrows: _Arrows) -> _Floors:
    """Put the places of each floor into an order in which few arrows cross, and all are short."""
    improved = True
    while improved:
        improved = False
        for row, floor in enumerate(floors):
            # The first of the best: the order that it has, if none is better.
            best = min(permutations(floor), key=_costs(floors, floor, arrows))
            if best != tuple(floor):
                floors, improved = [*floors[:row], list(best), *floors[row + 1 :]], True
    return floors


def _costs(
    floors: _Floors, moved: list[_Place], arrows: _Arrows
) -> Callable[[tuple[_Place, ...]], tuple[int, float]]:
    """
    Make what rates the orders of one floor, while all others stay as they are.

    :returns: counts the arrows that cross, and adds up how far they go aside.
    """
    # The middle of each floor is above that of the next.
    middle = (len(moved) - 1) / 2
    at = {
        place: index - (len(floor) - 1) / 2 for floor in floors for index, place in enumerate(floor)
    }
    above = {place: [at[upper] for upper, lower in arrows if lower == place] for place in moved}
    below = {place: [at[lower] for upper, lower in arrows if upper == place] for place in moved}
    crossings = {
        (left, right): sum(
            one > other for ends in (above, below) for one in ends[left] for other in ends[right]
        )
        for left, right in permutations(moved, 2)
    }

    def cost(order: tuple[_Place, ...]) -> tuple[int, float]:
        aside = sum(
            abs(index - middle - end)
            for index, place in enumerate(order)
            for end in (*above[place], *below[place])
        )
        return sum(map(crossings.__getitem__, combinations(order, 2))), aside

    return cost


def _positions(floors: _Floors, arrows: _Arrows) -> dict[_Place, int]:
    """Return how far from the left each place is: below what it hangs on, and clear of others."""
    across: dict[_Place, float] = {place: _WIDTH / 2 for floor in floors for place in floor}
    for _ in range(200):
        for floor in floors:
            wanted = [
                (sum(ends) + _WIDTH / 2) / (len(ends) + 1)
                for ends in ([*_ends(place, arrows, across)] for place in floor)
            ]
            across.update(zip(floor, _apart(floor, wanted), strict=True))
    return {place: round(x) for place, x in across.items()}


def _ends(place: _Place, arrows: _Arrows, across: dict[_Place, float]) -> Iterator[float]:
    for upper, lower in arrows:
        if upper == place:
            yield across[lower]
        if lower == place:
            yield across[upper]


def _apart(floor: Sequence[_Place], wanted: Sequence[float]) -> list[float]:
    """Move the places of a floor as little as makes them stand clear, within the picture."""
    from_left = _pushed(floor, wanted)
    mirrored = _pushed(floor[::-1], [_WIDTH - x for x in wanted[::-1]])
    from_right = [_WIDTH - x for x in mirrored[::-1]]
    return [(one + other) / 2 for one, other in zip(from_left, from_right, strict=True)]


def _pushed(floor: Sequence[_Place], wanted: Sequence[float]) -> list[float]:
    """Push each place away from the one to its left, and all back into the picture."""
    half = [_BOX[0] / 2 if isinstance(place, str) else 0 for place in floor]
    placed: list[float] = []
    edge: float = _MARGIN - _GAP
    for x, width in zip(wanted, half, strict=True):
        placed.append(max(x, edge + _GAP + width))
        edge = placed[-1] + width
    edge = _WIDTH - _MARGIN + _GAP
    for index in reversed(range(len(floor))):
        placed[index] = min(placed[index], edge - _GAP - half[index])
        edge = placed[index] - half[index]
    return placed


def _arrow(upper: _Place, lower: _Place, across: dict[_Place, int], down: dict[_Place, int]) -> str:
    """Draw a curve between two floors, and straight on where the arrow passes the lower one."""
    start, end = down[upper] + _BOX[1] // 2, down[lower] - _BOX[1] // 2
    left, right, middle = across[upper], across[lower], (start + end) // 2
    curve = f"M{left} {start}C{left} {middle} {right} {middle} {right} {end}"
    if isinstance(lower, str):
        return f'<path class="arrow" d="{curve}" marker-end="url(#head)"/>'
    return f'<path class="arrow" d="{curve}v{_BOX[1]}"/>'


def _box(x: int, y: int, name: str, files: int, lines: int) -> str:
    width, height = _BOX
    size = f"{files} files" if files > 1 else "1 file"
    return (
        f'<rect class="room" x="{x - width // 2}" y="{y - height // 2}" '
        f'width="{width}" height="{height}" rx="6"/>'
        f'<text class="name" x="{x}" y="{y - 10}">{name}</text>'
        f'<text class="size" x="{x}" y="{y + 7}">{size}</text>'
        f'<text class="size" x="{x}" y="{y + 23}">{round(lines, -2):,} lines</text>'
    )
