"""What the dialer orders of a PBX: calls, complete in themselves.

Nothing in them came unchecked from a user, and each is sent once at most.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """Where a call may be put through to.

    Attributes:
        number: as the trunk wants it dialled.
        endpoint: the PJSIP endpoint of the trunk.
        group: those who share the limit bear the same.
        most: how many of a group at once on this PBX; 0 where others have the whole limit.
        ring_s, talk_s: whole seconds at most.
    """

    number: str
    endpoint: str
    group: str
    most: int
    ring_s: int
    talk_s: int


@dataclass(frozen=True, slots=True)
class ScriptOrder:
    """What a call does besides playing its message; see `campaigns.script`.

    Attributes:
        sounds: directory of what is spoken, absolute, on the PBX's own disk.
        keys: by key, the word for what it does.
        questions: of each, the keys that answer it.
        tries: how often each is put at most.
        transfer: where the key for it leads; None for no such key.
    """

    sounds: str
    keys: Mapping[str, str]
    questions: tuple[str, ...]
    tries: int
    transfer: TransferOrder | None = None


@dataclass(frozen=True, slots=True)
class OriginateOrder:
    """One call to place, complete: nothing in it came unchecked from a user.

    Attributes:
        attempt_id: the ChannelId; single use, never sent twice.
        endpoint: the PJSIP endpoint of the trunk.
        number: the number as the trunk wants it dialled (`+33639980001`, `0639980001`).
        caller_id: the number shown, as the trunk wants it.
        ring_timeout_s: whole seconds until the PBX gives up (CANCEL).
        max_call_s: whole seconds after which the PBX hangs up whatever happens.
        message: sound file the PBX plays, absolute, without extension.
        confirmation: sound file that confirms an opt-out, absolute, without extension.
        journal: absolute path of the journal on the PBX's own disk.
        machine: sound file that may be left on an answering machine, likewise; empty for none.
        listens: tell when the far side speaks, and when it stops.
        send_by: monotonic seconds from which on it is not sent: looked at last of all, as this
            process may have been stopped since everything else was.
        target_id: who is called, by the id alone: written into the journal, from which a restored
            database learns of calls that it does not know (`dialer.recovery`).
        script: what keys do besides 9; None where they do nothing.
    """

    attempt_id: str
    endpoint: str
    number: str
    caller_id: str
    ring_timeout_s: int
    max_call_s: int
    message: str
    confirmation: str
    journal: str
    machine: str = ""
    listens: bool = False
    send_by: float = math.inf
    target_id: int = 0
    script: ScriptOrder | None = None
