"""One look for all who ask within a moment, and nothing old for whoever changed something."""

import asyncio
import socket
import threading

import pytest
from api_samples import Rig
from fastapi.testclient import TestClient

from api import lately
from api.lately import Lately
from api.listen import listening
from campaigns.errors import NotFound


class Thing:
    """Counts its readers; can be held while it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.value = "old"
        self.free = threading.Event()
        self.free.set()

    def read(self, key: str) -> str:
        self.reads += 1
        value = self.value
        assert self.free.wait(5)
        if key == "none":
            raise NotFound("There is none.")
        return value


async def test_a_hundred_who_ask_at_once_cost_one_look() -> None:
    thing = Thing()
    looks = Lately(thing.read)
    assert await asyncio.gather(*(looks.of("a") for _ in range(100))) == ["old"] * 100
    assert await looks.of("a") == "old"
    assert thing.reads == 1


async def test_a_look_is_shared_no_longer_than_it_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "FRESH_S", 0.0)
    monkeypatch.setattr(lately, "LATE_S", 0.0)
    thing = Thing()
    looks = Lately(thing.read)
    await looks.of("a")
    thing.value = "new"
    assert await looks.of("a") == "new"
    assert len(looks._looks) == 1


async def _reads(thing: Thing, many: int) -> None:
    async with asyncio.timeout(5):
        while thing.reads < many:  # noqa: ASYNC110 - it is read in a thread
            await asyncio.sleep(0.001)


async def _told(looks: Lately[str, str], value: str) -> str:
    """What is told in the end to whoever goes on asking."""
    async with asyncio.timeout(5):
        while (told := await looks.of("a")) != value:  # noqa: ASYNC110 - it is read in a thread
            await asyncio.sleep(0.001)
    return told


async def held(thing: Thing, monkeypatch: pytest.MonkeyPatch) -> Lately[str, str]:
    """It was looked at, and the next look takes as long as the test wants."""
    monkeypatch.setattr(lately, "FRESH_S", 0.0)
    monkeypatch.setattr(lately, "LATE_S", 600.0)
    looks = Lately(thing.read)
    await looks.of("a")
    thing.value = "new"
    thing.free.clear()
    assert [await looks.of("a") for _ in range(3)] == ["old"] * 3
    return looks


async def test_nobody_waits_for_a_look_while_the_one_before_is_not_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thing = Thing()
    looks = await held(thing, monkeypatch)
    await _reads(thing, 2)
    assert thing.reads == 2, "one look for all who asked meanwhile"
    thing.free.set()
    assert await _told(looks, "new") == "new"


async def test_nothing_is_told_that_is_older_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    thing = Thing()
    looks = await held(thing, monkeypatch)
    monkeypatch.setattr(lately, "LATE_S", 0.0)
    waiting = asyncio.ensure_future(looks.of("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    thing.free.set()
    assert await asyncio.wait_for(waiting, 5) == "new"


async def test_a_look_that_failed_is_not_hidden_by_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lately, "FRESH_S", 0.0)
    thing = Thing()
    looks = Lately(lambda _: thing.read(thing.value))
    assert await looks.of("a") == "old"
    thing.value = "none"
    with pytest.raises(NotFound):
        await _told(looks, "none")


async def test_a_look_under_way_is_not_for_those_who_ask_after_a_change() -> None:
    thing = Thing()
    looks = Lately(thing.read)
    thing.free.clear()
    before = asyncio.ensure_future(looks.of("a"))
    await _reads(thing, 1)
    thing.value = "new"
    looks.forget()
    after = asyncio.ensure_future(looks.of("a"))
    await asyncio.sleep(0)
    thing.free.set()
    assert (await before, await after) == ("old", "new")


async def test_who_goes_away_takes_the_look_from_nobody() -> None:
    thing = Thing()
    looks = Lately(thing.read)
    thing.free.clear()
    first, second = (asyncio.ensure_future(looks.of("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    thing.free.set()
    assert await asyncio.wait_for(second, 5) == "old"


async def test_all_who_ask_for_nothing_are_told_so() -> None:
    looks = Lately(Thing().read)
    found = await asyncio.gather(looks.of("none"), looks.of("none"), return_exceptions=True)
    assert [type(one) for one in found] == [NotFound, NotFound]


def test_what_was_changed_through_the_api_is_in_the_next_answer(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "FRESH_S", 600.0)
    path = f"/api/v1/campaigns/{rig.campaign()}"
    assert rig.ours.get(f"{path}/progress").json()["state"] == "draft"
    assert rig.ours.post(f"{path}/launch").status_code == 200
    assert rig.ours.get(f"{path}/progress").json()["state"] == "running"
    shared = rig.ours.get(f"{path}/progress").json()
    monkeypatch.setattr(lately, "FRESH_S", 0.0)
    assert rig.ours.get(f"{path}/progress").json() == shared, "as it is read anew"


def test_a_key_revoked_through_the_api_is_out_of_force_at_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "FRESH_S", 600.0)
    own = next(one for one in rig.ours.get("/api/v1/keys").json()["items"])
    assert rig.ours.delete(f"/api/v1/keys/{own['id']}").status_code == 200
    assert rig.ours.get("/api/v1/keys").status_code == 401


def test_the_shortcut_answers_as_the_route_does(rig: Rig, person: TestClient) -> None:
    path = f"/api/v1/campaigns/{rig.campaign()}/progress"
    short, long = rig.ours.get(path), person.get(path)
    assert (short.status_code, short.json()) == (200, long.json())
    kept = {"content-type", "cache-control", "content-security-policy", "vary"}
    assert {name: short.headers[name] for name in kept} == {
        name: long.headers[name] for name in kept
    }
    french = {"Accept-Language": "fr"}
    missing = [
        one.get("/api/v1/campaigns/999/progress", headers=french) for one in (rig.ours, person)
    ]
    assert [one.status_code for one in missing] == [404, 404]
    assert missing[0].json()["detail"] == missing[1].json()["detail"]
    assert rig.ours.get("/api/v1/campaigns/0/progress").status_code == 422
    assert rig.theirs.get(path).status_code == 404
    pattern = 'route="/api/v1/campaigns/{campaign_id}/progress",status="2xx"'
    assert pattern in rig.ours.get("/metrics").text.replace('method="GET",', "")


def test_answers_do_not_wait_for_a_delayed_ack() -> None:
    with listening("127.0.0.1", 0) as place:
        assert place.proto == socket.IPPROTO_TCP  # asyncio asks for it (base_events._set_nodelay)
