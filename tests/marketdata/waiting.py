"""Waiting for what has no event."""

from __future__ import annotations

import asyncio


async def wait_for(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)
