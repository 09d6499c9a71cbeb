"""Calls with a script, placed by hand, and what their callees hear of it."""

from collections.abc import Callable
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from dialplan_calls import Caller, Placed, until
from far_side import Call, Script

SOUNDS = (
    "message", "question-1", "question-2", "question-3", "noted", "unknown", "thanks", "source",
    "consented", "connecting", "full", "unavailable", "confirmation",
)  # fmt: skip
SOUND_MS = 1000
"""Long enough that a key meant for the midst of a sound is in it on a busy machine too."""

HALF_WAY = 18
"""Packets of 20 ms after which a key is pressed: in the first 300 ms none answers a question."""

ANOTHER_PRESS = 36
"""Packets of 20 ms after which the same key is another press (`same_press_ms` of the PBX)."""

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
    return [name for name, _ in groupby(_packets(call))]


def packets_of(call: Call, sound: str) -> int:
    """How many packets of a sound came."""
    return _packets(call).count(sound)


def _packets(call: Call) -> list[str]:
    """Of which sound each packet is that the callee heard."""
    payloads = [packet[12:] for _, packet in list(call.packets) if packet[1] & 0x7F == 8]
    return [name for one in payloads if (name := _sound(one))]


@lru_cache(maxsize=256)
def _sound(payload: bytes) -> str:
    """The sound of which a packet is; empty for one of none."""
    value = payload[0] if len(set(payload)) == 1 else 0
    return SOUNDS[value - 1] if 0 < value <= len(SOUNDS) else ""


def answered(*keys: tuple[str, str]) -> Callable[[Call], None]:
    """A callee who, in the midst of each of these sounds, presses a key."""

    def script(call: Call) -> None:
        call.answer()
        for sound, key in keys:
            press_at(call, sound, key)
        call.ended.wait(60)

    return script


def press_at(call: Call, sound: str, key: str) -> None:
    """Wait until some of this sound was heard, and press."""
    hear(call, sound)
    hear_on(call, sound, HALF_WAY)
    call.press(key)


def press_anew(call: Call, sound: str, key: str) -> None:
    """The same where the key may be the last one: so late that it is another press."""
    hear(call, sound)
    hear_on(call, sound, ANOTHER_PRESS)
    call.press(key, lasting_s=0.04)


def hear(call: Call, sound: str) -> None:
    """Wait until this sound begins, if it is not what is heard now."""
    until(lambda: heard(call)[-1:] == [sound])


def hear_on(call: Call, sound: str, packets: int) -> None:
    """Wait until so many more packets of a sound came."""
    enough = packets_of(call, sound) + packets
    until(lambda: packets_of(call, sound) >= enough)
