"""Waiting for tasks to end, however deaf they are."""

from __future__ import annotations

import asyncio

import pytest

from common.waiting import cancel, first_to_end


async def test_a_task_that_loses_a_cancellation_is_told_again():
    told = 0

    async def deaf_at_first():
        nonlocal told
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told += 1
                if told > 1:
                    raise

    task = asyncio.create_task(deaf_at_first())
    await asyncio.sleep(0)

    await cancel(task, patience_seconds=0.01)

    assert (told, task.cancelled()) == (2, True)


async def test_the_first_task_to_end_ends_the_others_and_its_failure_is_raised():
    async def fail():
        raise ValueError("first")

    other = asyncio.create_task(asyncio.sleep(60))

    with pytest.raises(ValueError, match="first"):
        await first_to_end(other, asyncio.create_task(fail()))

    assert other.cancelled()
