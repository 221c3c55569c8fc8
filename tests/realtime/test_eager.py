"""Coroutines that are started at once."""

from __future__ import annotations

import asyncio

import pytest

from realtime import eager


async def test_a_coroutine_that_never_waits_has_ended_at_once():
    done = []

    async def work():
        done.append(1)

    assert eager.start(work()) is None
    assert done == [1]


async def test_one_that_waits_goes_on_as_a_task():
    steps, gate = [], asyncio.Event()

    async def work():
        steps.append("begun")
        await gate.wait()
        steps.append("woken")
        await asyncio.sleep(0)
        steps.append("ended")

    task = eager.start(work())
    assert steps == ["begun"]
    gate.set()
    await task

    assert steps == ["begun", "woken", "ended"]


async def test_what_it_raises_before_and_after_waiting_is_raised():
    async def fail_at_once():
        raise LookupError

    async def fail_later():
        await asyncio.sleep(0.001)
        raise LookupError

    with pytest.raises(LookupError):
        eager.start(fail_at_once())
    with pytest.raises(LookupError):
        await eager.start(fail_later())


async def test_a_cancellation_reaches_it():
    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    ended = []
    task = eager.start(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended == [1]
