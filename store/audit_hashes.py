"""What the hashes of the audit are made of: SHA-256 over canonical JSON, in UTF-8."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from store.columns import canonical

EVENT = ("segment_id", "sequence", "at", "controller_id", "actor", "act", "subject", "detail")
"""Columns of an event that its hash is over: all but the hash itself."""

SEGMENT = ("id", "kind", "host", "pid", "opened_at", "anchor")
"""Columns of a segment that never change."""


def of_event(previous: str, event: Mapping[str, Any]) -> str:
    """Hash of an event.

    Args:
        previous: hash of the event before; of the first one, the opening of the segment.
        event: its columns as they are stored: `at` in milliseconds, `detail` as text.
    """
    return _hash({"previous": previous} | {name: event[name] for name in EVENT})


def of_opening(segment: Mapping[str, Any]) -> str:
    """Hash of a segment as it is opened; `opened_at` in milliseconds."""
    return _hash({name: segment[name] for name in SEGMENT})


def of_anchor(previous: str, covered: Iterable[tuple[int, int, str]]) -> str:
    """Hash of what a segment vouches for.

    Args:
        previous: opening of the segment before; empty for the first one.
        covered: (segment, its length, its head) of those that had grown.
    """
    return _hash({"previous": previous, "covered": sorted(covered)})


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogateescape")).hexdigest()
