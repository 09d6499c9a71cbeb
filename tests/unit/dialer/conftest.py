"""Fixtures of the tests that run a whole dialer."""

import pytest

from campaigns import pacing
from dialer import allotment, engine, reconcile, scheduler, settling


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in seconds is waited for in milliseconds here."""
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(engine, "AGAIN_S", 0.02)
    monkeypatch.setattr(settling, "AGAIN_S", 0.02)
    monkeypatch.setattr(allotment, "IDLE_S", 0.02)
    monkeypatch.setattr(pacing, "RAMP_S", 0.001)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)
