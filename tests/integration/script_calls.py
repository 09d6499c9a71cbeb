"""Calls with a script, placed by hand, and what their callees hear of it."""

import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from dialplan_calls import Caller, Placed
from far_side import Call, Script

SOUNDS = (
    "message", "question-1", "question-2", "question-3", "noted", "unknown", "thanks", "source",
    "consented", "connecting", "full", "unavailable", "confirmation",
)  # fmt: skip
SOUND_MS = 500
SILENCE = 0xD5
AGENTS = "+33199009900"
"""Who answers transfers, on the far side."""


def write_script_sounds(directory: Path) -> Path:
    """Every sound of a script, each of one value that tells it from the others."""
    script = directory / "script"
    script.mkdir(exist_ok=True)
    for value, name in enumerate(SOUNDS, start=1):
        (script / f"{name}.alaw").write_bytes(bytes([value]) * (SOUND_MS * 8))
    return script


def place(caller: Caller, callee: Script, **changed: str) -> Placed:
    """A call whose script has everything: three questions and four keys."""
    sounds = str(caller.asterisk.instance.sounds / "script")
    variables = {
        "PV_MESSAGE": f"{sounds}/message",
        "PV_CONFIRMATION": f"{sounds}/confirmation",
        "PV_SOUNDS": sounds,
        "PV_ON_0": "replay",
        "PV_ON_1": "source",
        "PV_ON_star": "consent",
        "PV_ON_hash": "transfer",
        "PV_QUESTIONS": "3",
        "PV_ASK_1": "12",
        "PV_ASK_2": "12345",
        "PV_ASK_3": "1*#",
        "PV_TRIES": "2",
        "PV_TRANSFER_TO": AGENTS,
        "PV_TRANSFER_BY": caller.asterisk.instance.endpoint("loop"),
        "PV_TRANSFER_GROUP": "1",
        "PV_TRANSFER_MOST": "5",
        "PV_TRANSFER_RING": "5",
        "PV_TRANSFER_TALK": "30",
        "TIMEOUT(absolute)": "60",
    }
    return caller.place(callee, context="portevoix-script", **(variables | changed))


def replies(placed: Placed) -> list[list[str]]:
    """What the journal has of a call: kind, question and value of each reply."""
    return [line[3:] for line in placed.lines() if line[0] == "reply"]


def heard(call: Call) -> list[str]:
    """Names of the sounds as the callee heard them, each run of one once."""
    payloads = [packet[12:] for _, packet in list(call.packets) if packet[1] & 0x7F == 8]
    values = [payload[0] for payload in payloads if len(set(payload)) == 1]
    named = [SOUNDS[value - 1] for value in values if 0 < value <= len(SOUNDS)]
    return [name for name, _ in groupby(named)]


def answered(*keys: tuple[str, str]) -> Callable[[Call], None]:
    """A callee who, each time a sound is heard for half of it, presses a key."""

    def script(call: Call) -> None:
        call.answer()
        for sound, key in keys:
            press_at(call, sound, key)
        call.ended.wait(60)

    return script


def press_at(call: Call, sound: str, key: str) -> None:
    """Wait until this sound is what is being heard, and press."""
    hear(call, sound)
    time.sleep(0.35)
    call.press(key)


def hear(call: Call, sound: str, within_s: float = 20) -> None:
    """Wait until this sound begins, if it is not what is heard now."""
    until = time.monotonic() + within_s
    while heard(call)[-1:] != [sound]:
        assert time.monotonic() < until, f"never heard {sound}, but {heard(call)}"
        time.sleep(0.01)
