"""Questions of many are asked together, and nobody gets a reply from before they asked."""

from __future__ import annotations

import asyncio

from common import redis
from common.gathering import Batches, GatheredReads
from common.redis import close_async_client


class Oracle:
    """Replies to each question with itself and the number of the batch, when it is let."""

    def __init__(self):
        self.batches = []
        self.may_go_on = asyncio.Event()

    async def answer(self, questions):
        self.batches.append(list(questions))
        number = len(self.batches)
        await self.may_go_on.wait()
        if "poison" in questions:
            raise OSError
        return [(each, number) for each in questions]


def ask(batches, *questions):
    return [asyncio.create_task(batches.ask(each)) for each in questions]


async def test_who_asks_at_once_is_answered_together_and_who_asks_later_later():
    oracle = Oracle()
    batches = Batches(oracle.answer, at_once=3)

    first = ask(batches, "a", "b")
    await asyncio.sleep(0.01)
    later = ask(batches, "a", "c", "d", "e")
    await asyncio.sleep(0.01)
    oracle.may_go_on.set()

    assert await asyncio.gather(*first, *later) == [
        *(("a", 1), ("b", 1)),
        *(("a", 2), ("c", 2), ("d", 2), ("e", 3)),
    ]
    assert await batches.ask("f") == ("f", 4)


async def test_a_failure_reaches_all_who_wait_and_the_next_is_asked_anew():
    oracle = Oracle()
    batches = Batches(oracle.answer, at_once=2)

    asked = ask(batches, "a", "poison", "c")
    await asyncio.sleep(0.01)
    oracle.may_go_on.set()

    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in failures] == [OSError] * 3
    assert await batches.ask("d") == ("d", 2)


async def test_who_gives_up_keeps_nobody_else_from_their_reply():
    oracle = Oracle()
    batches = Batches(oracle.answer, at_once=9)

    gone, stays = ask(batches, "a", "b")
    await asyncio.sleep(0.01)
    gone.cancel()
    oracle.may_go_on.set()

    assert await stays == ("b", 1)


async def test_keys_are_read_as_they_are_asked_for(monkeypatch):
    asked = []
    client = redis.async_client()
    mget = client.mget
    monkeypatch.setattr(client, "mget", lambda names: asked.append(names) or mget(names))
    await redis.async_client().mset({"one": "1", "two": "2"})
    reads = GatheredReads()

    found = await asyncio.gather(
        reads.read("one", "none"), reads.read("two", "one"), reads.read("one")
    )
    await close_async_client()

    assert found == [["1", None], ["2", "1"], ["1"]]
    assert asked == [["one", "none", "two"]]
