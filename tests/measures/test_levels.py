import numpy as np
import pytest

from benison.measures.levels import Levels


def drawn(rows: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(rows + levels)
    return random.random(rows) < 0.3, random.integers(0, levels, rows) / 7


@pytest.mark.parametrize(("rows", "levels"), [(200, 9), (200, 10_000), (1, 3), (0, 3)])
@pytest.mark.parametrize("taken", [0, 1, 5, 150])
def test_levels_of_a_part_are_those_of_its_own_rows(rows: int, levels: int, taken: int) -> None:
    """However few rows of however many levels: once they are marked, once they are sorted."""
    labels, scores = drawn(rows, levels)
    part = np.random.default_rng(taken).permutation(rows)[:taken]
    found, expected = Levels.of(labels, scores).part(part), Levels.of(labels[part], scores[part])
    assert found.count == expected.count == len(np.unique(scores[part]))
    assert np.array_equal(found.place, expected.place)
    assert np.array_equal(found.labels, labels[part])
    for level, value in enumerate(np.unique(scores[part])):
        at = scores[part] == value
        assert found.positives[level] == (at & labels[part]).sum()
        assert found.negatives[level] == (at & ~labels[part]).sum()


def test_what_belongs_to_level_and_class_is_spread_over_rows() -> None:
    rows = Levels.of(np.array([True, False, True]), np.array([0.5, 0.5, 0.1]))
    assert rows.spread(np.array([1.0, 2.0]), np.array([10.0, 20.0])).tolist() == [20.0, 2.0, 10.0]


def test_rows_of_a_level_are_set_apart_by_class_either_way() -> None:
    labels, scores = drawn(60, 7)
    for positives_above in (True, False):
        above = labels if positives_above else ~labels
        apart = Levels.of(labels, scores).apart(positives_above=positives_above)
        assert np.array_equal(apart.place, Levels.of(labels, scores + above / 100).place)
