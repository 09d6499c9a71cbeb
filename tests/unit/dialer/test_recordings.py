"""A dialer that lacks what a campaign plays calls nobody of it: people would hear nothing."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from dialer_subjects import a_campaign
from dialing import EveryRecording, dialing, until
from sqlalchemy import Engine
from store_subjects import World

from audio.library import Library
from audio.message import PreparedMessage
from campaigns.machine import MachineMode, Machines
from campaigns.script import KeyAct, Script
from dialer import recordings
from dialer.recordings import AGAIN_S, Recordings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "audio")


def prepared(library: Library, hz: int) -> PreparedMessage:
    file = library.root.parent / f"{hz}.wav"
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hz * np.arange(16_000) / 8_000), 8_000)
    return library.prepare([file], "m")


def of(library: Library, message: PreparedMessage, **more: Any) -> Any:
    return a_campaign(message=str(message.base.relative_to(library.root)), **more)


def test_whole_ones_are_ready_once_they_were_looked_at(library: Library) -> None:
    campaign = of(library, prepared(library, 440))
    found = Recordings(library)
    assert not found.ready(campaign)
    assert not found.missed(campaign)
    found.look([campaign])
    assert found.ready(campaign)


def test_a_byte_that_differs_is_noticed(library: Library) -> None:
    message = prepared(library, 440)
    file = message.files["alaw"]
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    campaign = of(library, message)
    found = Recordings(library)
    found.look([campaign])
    assert found.missed(campaign)
    assert not found.ready(campaign)


def test_what_comes_later_and_what_goes_is_noticed(library: Library, clock: Clock) -> None:
    message = prepared(library, 440)
    away = library.root.parent / "away"
    shutil.move(message.directory, away)
    campaign, found = of(library, message), Recordings(library, clock)
    found.look([campaign])
    assert found.missed(campaign)
    shutil.move(away, message.directory)
    clock.now += AGAIN_S
    found.look([campaign])
    assert found.ready(campaign)
    shutil.move(message.directory, away)
    clock.now += AGAIN_S
    found.look([campaign])
    assert found.missed(campaign)


def test_a_message_is_read_once(
    library: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, found = of(library, prepared(library, 440)), Recordings(library, clock)
    found.look([campaign])
    monkeypatch.setattr(Library, "has_whole", lambda *_: pytest.fail("it was read again"))
    for _ in range(3):
        clock.now += AGAIN_S
        found.look([campaign])
    assert found.ready(campaign)


@pytest.mark.parametrize("lacking", ["machine", "script"])
def test_everything_that_may_be_heard_counts(library: Library, lacking: str) -> None:
    message, other = prepared(library, 440), prepared(library, 880)
    left = str(other.base.relative_to(library.root))
    spoken = library.gather({"replayed": other})
    campaign = of(
        library,
        message,
        machines=Machines(MachineMode.LEAVE_MESSAGE, left, 2000),
        script=Script(str(spoken.relative_to(library.root)), {"1": KeyAct.REPLAY}),
    )
    found = Recordings(library)
    found.look([campaign])
    assert found.ready(campaign)
    shutil.rmtree(other.directory if lacking == "machine" else spoken)
    found = Recordings(library)
    found.look([campaign])
    assert found.missed(campaign)


async def test_nobody_is_called_while_it_is_missing_and_then_everybody(
    own_store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "AGAIN_S", 0.05)
    there = False
    monkeypatch.setattr(EveryRecording, "has_whole", lambda *_: there)
    world = World(own_store, datetime.now(UTC))
    campaign = world.called(5)

    async with dialing(own_store, tmp_path) as run:

        def gate() -> object:
            return run.shown().get("campaigns", {}).get(str(campaign.id), {}).get("gate")

        await until(lambda: gate() == "message_missing")
        await run.looks()
        assert not run.pbx.orders
        there = True
        await until(lambda: len(run.pbx.orders) == 5)
        await until(lambda: gate() is None)
