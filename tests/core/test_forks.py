import multiprocessing
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benison.core.errors import DataError, TaskError
from benison.core.forks import cores, map_forked


@contextmanager
def a_pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_results_come_in_the_order_of_the_items_whoever_is_first():
    with a_pipe() as (reading, writing):

        def first_last(number: int) -> int:
            # The first item waits for the fourth.
            if number == 0:
                os.read(reading, 1)
            if number == 3:
                os.write(writing, b"x")
            return number * number

        assert list(map_forked(first_last, range(20), workers=3)) == [number * number for number in range(20)]


def test_results_are_the_same_for_any_number_of_workers():
    found = [list(map_forked(str.upper, "abcdefg", workers=workers)) for workers in (1, 2, 3, 16)]
    assert found == [list("ABCDEFG")] * 4


def test_several_processes_work_and_this_one_does_not():
    both = multiprocessing.get_context("fork").Barrier(2)

    def who(number: int) -> int:
        both.wait(60)
        return os.getpid()

    found = set(map_forked(who, range(6), workers=2))
    assert len(found) == 2
    assert os.getpid() not in found


def test_one_worker_is_this_process():
    assert list(map_forked(lambda _: os.getpid(), range(3), workers=1)) == [os.getpid()] * 3


def test_nothing_comes_of_nothing():
    assert list(map_forked(str.upper, [], workers=2)) == []


def test_large_results_come_whole():
    sizes = [len(result) for result in map_forked(lambda number: b"x" * (number << 20), range(6), workers=2)]
    assert sizes == [number << 20 for number in range(6)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_ours_arrives_as_it_was_raised(workers):
    def refuse(number: int) -> int:
        raise DataError("rides.csv", expected="a number", got="'many'", hint="count them")

    with pytest.raises(DataError, match=re.escape("rides.csv: expected a number, got 'many'\n\nhint: count them")):
        list(map_forked(refuse, range(3), workers=workers))


def test_an_unforeseen_error_names_its_line():
    with pytest.raises(TaskError, match=r"ZeroDivisionError: .*by zero(.|\n)*lambda number: 1 // number"):
        list(map_forked(lambda number: 1 // number, [1, 0, 1], workers=2))


def test_a_worker_that_dies_is_an_error():
    with pytest.raises(TaskError, match="expected a result, got exit code 7"):
        list(map_forked(lambda _: os._exit(7), range(3), workers=2))


def test_a_worker_that_is_killed_says_what_it_may_be():
    with pytest.raises(TaskError, match=r"exit code -9\n\nhint: .*memory"):
        list(map_forked(lambda _: os.kill(os.getpid(), 9), range(3), workers=2))


def test_no_worker_stays_behind_when_the_results_are_not_wanted_any_more():
    results = map_forked(lambda _: os.getpid(), range(100), workers=2)
    workers = {next(results), next(results)}
    results.close()
    assert all(not os.path.exists(f"/proc/{worker}") for worker in workers)  # noqa: PTH110


def test_results_do_not_pile_up_while_an_early_one_is_worked_on(tmp_path):
    with a_pipe() as (reading, writing):

        def note(number: int) -> int:
            (tmp_path / str(number)).touch()
            if number == 0:
                os.read(reading, 1)
            if number == 3:
                os.write(writing, b"x")
            return len(list(tmp_path.iterdir()))

        assert next(map_forked(note, range(100), workers=2)) == 4


def test_there_is_at_least_one_core():
    assert cores() >= 1
