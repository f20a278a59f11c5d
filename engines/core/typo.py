"""How far a mistyped word is from a known one."""


def edit_distance(left: str, right: str) -> int:
    """Fewest insertions, deletions, substitutions and swaps of neighbours from `left` to `right`."""
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, letter in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            cost = min(
                above[column] + 1,
                current[column - 1] + 1,
                above[column - 1] + (letter != other),
            )
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, above = above, current
    return above[-1]


def allowed_slips(length: int) -> int:
    """How many slips a word of that length may hold and still be recognised."""
    if length <= 2:
        return 0 if length < 2 else 1
    return 1 if length <= 4 else 2
