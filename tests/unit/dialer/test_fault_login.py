"""A PBX that lets the dialer in no more ends it: it could place nothing and would hide that."""

import asyncio

import pytest

from dialer import process
from dialer.ami import LoginRejected


class Account:
    """An AMI account that is rejected when the test says so."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    async def rejected(self) -> None:
        await self.changed.wait()
        raise LoginRejected("The PBX rejected AMI account 'dialer': Authentication failed.")


async def test_a_dialer_ends_with_the_reason_and_in_order() -> None:
    account, closed = Account(), asyncio.Event()

    async def dial() -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # it closes link and book before it is gone
            closed.set()
        return True

    asyncio.get_running_loop().call_soon(account.changed.set)
    with pytest.raises(LoginRejected, match="Authentication failed"):
        await asyncio.wait_for(process._unless_rejected(dial(), account), 5)  # type: ignore[arg-type]
    assert closed.is_set()


@pytest.mark.parametrize("idle", [False, True])
async def test_otherwise_it_dials_to_its_own_end(idle: bool) -> None:
    async def dial() -> bool:
        return idle

    found = await process._unless_rejected(dial(), Account())  # type: ignore[arg-type]
    assert found is idle


async def test_its_own_failure_is_told_as_it_was() -> None:
    async def dial() -> bool:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await process._unless_rejected(dial(), Account())  # type: ignore[arg-type]
