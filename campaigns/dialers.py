"""What several dialers show of themselves, as one. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Status = Mapping[str, Any]

_OPENNESS = ("closed", "half_open", "open")
"""Breakers, from the best: a trunk is as well as the dialer fares that fares best with it."""


def together(shown: Sequence[Status]) -> dict[str, Any]:
    """One status for those of several dialers, of the same form; empty for none.

    Calls are added up. They are ready, or connected, where one of them is; a campaign's people are
    kept from being called by what keeps all of them from it.
    """
    if len(shown) < 2:
        return dict(*shown)
    return {
        "at": min(one["at"] for one in shown) if all("at" in one for one in shown) else None,
        "ready": any(one.get("ready") for one in shown),
        "connected": any(one.get("connected") for one in shown),
        **{
            name: sum(one.get(name, 0) for one in shown)
            for name in ("gaps", "channels", "answered")
        },
        "campaigns": _by_key([one.get("campaigns", {}) for one in shown], _campaign),
        "trunks": _by_key([one.get("trunks", {}) for one in shown], _trunk),
    }


def _by_key(parts: Sequence[Mapping[str, Status]], join: Any) -> dict[str, Any]:
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: join([part[key] for part in parts if key in part]) for key in keys}


def _campaign(shown: Sequence[Status]) -> dict[str, Any]:
    gates = [one.get("gate") for one in shown]
    return {
        "channels": sum(one.get("channels", 0) for one in shown),
        "calls_per_second": sum(one.get("calls_per_second", 0) for one in shown),
        "gate": None if None in gates else gates[0],
    }


def _trunk(shown: Sequence[Status]) -> dict[str, Any]:
    """As the dialer sees it that fares best with it; it is called at the mean of their shares."""
    best = min(shown, key=lambda one: _OPENNESS.index(one["breaker"]))
    mean = sum(one["factor"] for one in shown) / len(shown)
    return {**best, "rehearsal": all(one["rehearsal"] for one in shown), "factor": round(mean, 3)}
