"""A long list is worked through once, whatever interrupts it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.crews.executor import ExecutorCrew
from ports.finished import Kept
from services.sweeping.working import chunked, worked
from tests.build.sweeping import SECRET, AtOnce, FinishedHere, multiplied, refused

ITEMS = {f"item {number}": number for number in range(50)}
ALL = {key: {"made": number * SECRET} for key, number in ITEMS.items()}


def a_crew(size: int = 2) -> ExecutorCrew[int]:
    return ExecutorCrew(ThreadPoolExecutor(size), SECRET, size=size)


def test_every_item_is_worked_once_and_told_in_order() -> None:
    crew, finished, heard = a_crew(), FinishedHere(), list[tuple[int, int]]()
    done = worked(ITEMS, multiplied, crew, finished, lambda *told: heard.append(told))
    crew.close()
    assert done == ALL
    assert list(done) == list(ITEMS)
    assert sorted(finished.added) == sorted(ITEMS)
    assert (heard[0], heard[-1]) == ((0, 50), (50, 50))
    assert [told for told, _ in heard] == sorted(told for told, _ in heard)
    assert len(heard) > 20


def test_what_is_finished_is_not_worked_again() -> None:
    before: dict[str, Kept] = {"item 3": {"made": "as before"}, "an item of another grid": {"made": 0}}
    finished = FinishedHere(before)
    done = worked(ITEMS, multiplied, ExecutorCrew(AtOnce(), SECRET, size=1), finished, lambda *told: None)
    assert done == ALL | {"item 3": {"made": "as before"}}
    assert sorted(finished.added) == sorted(set(ITEMS) - {"item 3"})


def test_a_cancelled_work_keeps_what_is_done_and_is_gone_on_with() -> None:
    finished = FinishedHere()

    def cancel_at_20(done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    crew = a_crew()
    with pytest.raises(KeyboardInterrupt):
        worked(ITEMS, multiplied, crew, finished, cancel_at_20)
    crew.close()
    kept = len(finished.added)
    assert 20 <= kept < 50
    crew = a_crew()
    assert worked(ITEMS, multiplied, crew, finished, lambda *told: None) == ALL
    crew.close()
    assert len(finished.added) == 50


def test_what_the_work_refuses_comes_out_and_the_rest_is_dropped() -> None:
    crew, finished = a_crew(), FinishedHere()
    with pytest.raises(ValueError, match="is not liked"):
        worked(ITEMS, refused, crew, finished, lambda *told: None)
    crew.close()
    assert finished.added == []


def test_chunks_are_small_enough_for_progress_and_for_all_processes() -> None:
    keys = [str(number) for number in range(10_000)]
    assert {len(chunk) for chunk in chunked(keys, 2)[:-1]} == {64}
    assert len(chunked(keys[:100], 2)) == 50
    assert [list(chunk) for chunk in chunked(keys[:2], 8)] == [["0"], ["1"]]
    assert chunked([], 4) == []
    assert [key for chunk in chunked(keys, 7) for key in chunk] == keys
