"""The actions sent to the PBX, built so that nothing in them can mean more than it says.

An AMI account that may originate can also write files and run applications, so every value that
comes from data is checked against a narrow alphabet, and variable names come from a fixed list.
Field names are those of Asterisk's AMI documentation (Originate, Hangup, Getvar, CoreShowChannels).
"""

import re
from collections.abc import Mapping
from itertools import chain

from asterisk.ami.action import Action

from campaigns.errors import PbxError
from campaigns.machine import TAIL_S
from campaigns.script import KEYS, KeyAct
from dialer.orders import OriginateOrder, ScriptOrder, TransferOrder

CALL_CONTEXT = "portevoix-call"
MACHINE_CONTEXT = "portevoix-machine"
SCRIPT_CONTEXT = "portevoix-script"
ENDED_HANDLER = '"portevoix-ended,s,1"'

ATTEMPT_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
"""A ULID, as the attempts carry: Crockford's alphabet has no I, L, O or U."""

_SAFE = re.compile(r"[A-Za-z0-9_./+-]+")
_PJSIP_NAME = re.compile(r"[A-Za-z0-9_.@;:/+-]+")
_BREAKS_A_HEADER = re.compile(r"[\r\n\0]")
_MOST_SECONDS = 86_400
_MOST = 9999
_KEYS = re.compile(f"[{re.escape(KEYS)}]{{1,{len(KEYS)}}}")
_ACTS = {act.value for act in KeyAct}
_NAMES = {"*": "star", "#": "hash"}
"""No variable's name has these two."""


def action(name: str, headers: Mapping[str, str] | None = None) -> Action:
    """An action of the library's own kind, without an ActionID yet."""
    return Action(name, dict(headers or {}))


def originate(order: OriginateOrder) -> Action:
    """The Originate of one attempt.

    The variables are set in this order on the channel before the INVITE leaves: the journal's
    start line first, so that no call leaves without it. FILE() takes no comma in its value (AMI
    splits there), and quotes keep those of the hangup handler together.

    Raises:
        PbxError: a value holds a character that AMI or the dialplan could take for syntax.
    """
    attempt = _attempt_id(order.attempt_id)
    number, endpoint = _safe("number", order.number), _safe("endpoint", order.endpoint)
    headers = {
        "ActionID": attempt,
        "Channel": f"PJSIP/{number}@{endpoint}",
        "ChannelId": attempt,
        "Async": "true",
        "Timeout": str(_seconds("ring_timeout_s", order.ring_timeout_s) * 1000),
        "CallerID": f"<{_safe('caller_id', order.caller_id)}>",
        "Context": SCRIPT_CONTEXT if order.script else CALL_CONTEXT,
        "Exten": "s",
        "Priority": "1",
    }
    return Action("Originate", headers, _variables(order, attempt))


def _variables(order: OriginateOrder, attempt: str) -> dict[str, str]:
    journal = _safe("journal", order.journal)
    return {
        f"FILE({journal},,,al,u)": f"start|{attempt}|{int(order.target_id)}",
        "CHANNEL(hangup_handler_push)": ENDED_HANDLER,
        "PV_JOURNAL": journal,
        "PV_MESSAGE": _safe("message", order.message),
        "PV_CONFIRMATION": _safe("confirmation", order.confirmation),
        "TIMEOUT(absolute)": str(_seconds("max_call_s", order.max_call_s)),
        **_for_machines(order),
        **(_script(order.script) if order.script else {}),
    }


def _script(script: ScriptOrder) -> dict[str, str]:
    return {
        "PV_SOUNDS": _safe("sounds", script.sounds),
        **{f"PV_ON_{_name(key)}": _act(act) for key, act in script.keys.items()},
        "PV_QUESTIONS": str(len(script.questions)),
        **{f"PV_ASK_{nth}": _keys(one) for nth, one in enumerate(script.questions, start=1)},
        "PV_TRIES": _count("tries", script.tries),
        **(_transfer(script.transfer) if script.transfer else {}),
    }


def _transfer(transfer: TransferOrder) -> dict[str, str]:
    return {
        "PV_TRANSFER_TO": _safe("transfer number", transfer.number),
        "PV_TRANSFER_BY": _safe("transfer endpoint", transfer.endpoint),
        "PV_TRANSFER_GROUP": _safe("transfer group", transfer.group),
        "PV_TRANSFER_MOST": _count("transfer limit", transfer.most, least=0),
        "PV_TRANSFER_RING": str(_seconds("ring_s", transfer.ring_s)),
        "PV_TRANSFER_TALK": str(_seconds("talk_s", transfer.talk_s)),
    }


def _for_machines(order: OriginateOrder) -> dict[str, str]:
    listens = {"PV_LISTEN": "1"} if order.listens else {}
    return listens | ({"PV_MACHINE": _safe("machine", order.machine)} if order.machine else {})


def hang_up(attempt_id: str) -> Action:
    """End one channel, by its unique id; never a pattern, which would end many."""
    return action("Hangup", {"Channel": _attempt_id(attempt_id)})


def on_machine(attempt_id: str, what: str) -> Action:
    """Send a call from wherever it is to what is done on a machine: `hangup` or `leave`.

    The channel is found by its unique id, as Hangup finds it (main/channel.c).
    """
    where = {"Context": MACHINE_CONTEXT, "Exten": what, "Priority": "1"}
    return action("Redirect", {"Channel": _attempt_id(attempt_id), **where})


def lengthen_tail(attempt_id: str) -> Action:
    """Have a call listen on for longer after its message."""
    tail = {"Variable": "PV_TAIL", "Value": str(TAIL_S)}
    return action("Setvar", {"Channel": _attempt_id(attempt_id), **tail})


def get_variable(expression: str) -> Action:
    """Read a dialplan function of the PBX itself."""
    return action("Getvar", {"Variable": expression})


def pjsip_expression(function: str, name: str, field: str) -> str:
    """`PJSIP_AOR(name,field)` and its like.

    Raises:
        PbxError: the name could be taken for syntax.
    """
    if not _PJSIP_NAME.fullmatch(name):
        raise PbxError(f"{name!r} is not the name of a PJSIP endpoint, AOR or contact.")
    return f"{function}({name},{field})"


def check(act: Action) -> None:
    """Refuse an action in which a header could end early and another begin.

    Raises:
        PbxError: CR, LF or NUL in a name or a value.
    """
    pairs = [("Action", act.name), *act.keys.items(), *act.variables.items()]
    if _BREAKS_A_HEADER.search("".join(map(str, chain.from_iterable(pairs)))):
        name = next(name for name, value in pairs if _BREAKS_A_HEADER.search(f"{name}{value}"))
        raise PbxError(f"{name!r}: a header sent to the PBX must not hold CR, LF or NUL.")


def _attempt_id(text: str) -> str:
    if not ATTEMPT_ID.fullmatch(text):
        raise PbxError(f"{text!r} is not the id of an attempt.")
    return text


def _safe(name: str, text: str) -> str:
    if not _SAFE.fullmatch(text):
        raise PbxError(f"{name} {text!r}: only letters, digits and _ . / + - go to the PBX.")
    return text


def _name(key: str) -> str:
    """How variables name a key."""
    if len(key) != 1:
        raise PbxError(f"{key!r} is not one key.")
    return _NAMES.get(_keys(key), key)


def _keys(text: str) -> str:
    if not _KEYS.fullmatch(text):
        raise PbxError(f"{text!r} are not keys that a script may use.")
    return text


def _act(text: str) -> str:
    if text not in _ACTS:
        raise PbxError(f"{text!r} is nothing that a key does.")
    return text


def _count(name: str, value: int, least: int = 1) -> str:
    if not least <= value <= _MOST:
        raise PbxError(f"{name} is {value}; it must be {least} to {_MOST}.")
    return str(value)


def _seconds(name: str, value: int) -> int:
    if not 1 <= value <= _MOST_SECONDS:
        raise PbxError(f"{name} is {value}; it must be 1 to {_MOST_SECONDS} seconds.")
    return value
