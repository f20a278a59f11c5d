"""Endless coroutines that stand and fall together."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_failure(*endless: Coroutine[Any, Any, None]) -> None:
    """Run all until one raises, then stop the others and raise that."""
    tasks = [asyncio.create_task(one) for one in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
