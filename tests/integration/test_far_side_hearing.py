"""What phones hear of the message, and what becomes of the keys they press: real calls, judged by
the packets that the network received and by its ledger."""

import subprocess
from pathlib import Path

import pytest
from stage import MESSAGE, Stage, Staging, numbers, until

from bench.heard import FIRST_SAMPLE_MS, LEAST_CORRELATION, ear
from bench.presses import ANYHOW, EXACT, Taking, judged, population
from campaigns.states import Action
from dialer.instance.locate import find_installation
from store import campaigns as kept
from store.engine import reading

pytestmark = pytest.mark.pbx

SHORT = MESSAGE.with_name("message-desinscription.flac")
SHORT_S = 2.8

LISTENS = 0
"""An ending that says nothing: answers and listens."""


def _console(stage: Stage, command: str) -> str:
    """What the PBX's own console says."""
    configuration = stage.home / "pbx" / "etc" / "asterisk.conf"
    asterisk = find_installation().asterisk("-C", str(configuration), "-rx", command)
    return subprocess.run(asterisk, capture_output=True, text=True, check=True).stdout


def _played(stage: Stage, campaign: int, codec: str) -> bytes:
    """The file that the PBX had to play."""
    with reading(stage.workspace.engine) as connection:
        message = str(kept.row(connection, stage.controller, campaign)["message"])
    base = stage.workspace.settings.audio_directory / message
    return base.with_name(f"{base.name}.{codec}").read_bytes()


def _translated(stage: Stage) -> set[str]:
    """What Asterisk says of translating for the calls that are up now."""
    listed = _console(stage, "core show channels concise").splitlines()
    shown = [_console(stage, f"core show channel {line.split('!')[0]}") for line in listed[:3]]
    lines = [line.strip() for one in shown for line in one.splitlines()]
    return {line for line in lines if line.startswith(("WriteTranscode", "ReadTranscode"))}


@pytest.mark.parametrize("codec", ["alaw", "ulaw"])
def test_a_phone_hears_the_prepared_file_unchanged_and_from_its_first_sample(
    staging: Staging, tmp_path: Path, codec: str
) -> None:
    captures = tmp_path / "captures"
    stage = staging(
        extra_settings=f'codec = "{codec}"\n',
        population=("--by-number", "--capture", str(captures)),
        message=SHORT,
    )
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare(numbers(LISTENS, 10), max_cps=10)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len([call for call in stage.up if call.answer_at]) >= 3)
    translated = _translated(stage)
    until(lambda: stage.ended(campaign))
    file = _played(stage, campaign, codec)
    ears = [ear(call, captures, file) for call in stage.calls]
    assert len(ears) == 10
    assert all(one.heard.whole for one in ears)
    assert min(one.heard.correlation for one in ears) >= LEAST_CORRELATION
    assert sorted(one.waited_ms for one in ears)[-2] <= FIRST_SAMPLE_MS
    assert translated == {"WriteTranscode: No", "ReadTranscode: No"}


@pytest.mark.parametrize("taking", [EXACT, ANYHOW])
def test_every_key_is_acted_on_once_by_whichever_way_it_comes(
    staging: Staging, tmp_path: Path, taking: Taking
) -> None:
    """Ways, instants and keys by a seed: `make bench-keys` presses 10,000 in the same manner."""
    who = tmp_path / "keys.toml"
    who.write_text(population(60, SHORT_S, 4, taking))
    stage = staging(
        extra_settings=f'keys = "{taking.keys}"\n',
        population=("--weights", str(who), "--seed", "4"),
        message=SHORT,
    )
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare(numbers(LISTENS, 60), max_cps=15, max_channels=80)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: stage.ended(campaign), 120)
    taken = {one["sip_call_id"]: one["keys"] or "" for one in stage.attempts(campaign)}
    found = judged(stage.calls, taken, taking)
    assert sum(one.pressed for one in found.values()) > 50
    for way in taking.shares:
        assert found[way].pressed + found[way].blurred > 10, way
        assert (found[way].lost, found[way].twice, found[way].odd) == (0, 0, []), way
