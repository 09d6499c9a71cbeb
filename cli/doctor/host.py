"""The machine: Python, disk, clock, zone data."""

import ctypes
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.contacts.plan import NATIONAL_LENGTHS, zones_of
from cli.doctor.check import Check, fault, ok, skipped, warning

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
LEAST_FREE = 1_000_000_000
"""Bytes; a day of half a million calls writes some 600 MB of records."""

_TIME_ERROR = 5
_TIMEX_BYTES = 512  # larger than struct timex of any architecture


def look(home: Path) -> Iterator[Check]:
    """Look at the machine.

    Args:
        home: the home directory, which may not exist yet.
    """
    yield _python()
    yield _disk(home)
    yield _clock()
    yield _zones()


def _python() -> Check:
    here = sys.version_info[:2]
    text = f"Python {sys.version.split()[0]}"
    if OLDEST_PYTHON <= here <= NEWEST_PYTHON:
        return ok("Python", text)
    return warning("Python", f"{text} was never tried.", "Use Python 3.11, 3.12 or 3.13.")


def _disk(home: Path) -> Check:
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 1e9:,.1f} GB free at {there}"
    if free >= LEAST_FREE:
        return ok("disk", text)
    return fault("disk", f"{text}; 1 GB is needed.", "Free some space, or choose another --home.")


def _clock() -> Check:
    """Whether the kernel holds its clock to be synchronised (adjtimex(2)), whoever does it."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state < 0:
        return skipped("clock", "This system does not tell whether its clock is synchronised.")
    if state == _TIME_ERROR:
        return warning(
            "clock",
            "The kernel does not know its clock to be synchronised; calling hours depend on it.",
            "Run chrony or systemd-timesyncd; in a virtual machine the host may see to it.",
        )
    return ok("clock", "Synchronised.")


def _zones() -> Check:
    zones = {zone for country in NATIONAL_LENGTHS for zone in zones_of(country, "")}
    missing = [name for name in sorted(zones) if not _known(name)]
    if missing:
        return fault("time zones", f"Unknown: {', '.join(missing)}.", "Install tzdata.")
    return ok("time zones", f"All {len(zones)} of France.")


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return False
    return True
