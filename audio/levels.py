"""Decibels. Full scale is an amplitude of 1.0."""

import math


def dbfs(amplitude: float) -> float:
    """Decibels relative to full scale; never below -200, so that silence has a number too."""
    return 20 * math.log10(max(amplitude, 1e-10))


def amplitude(db: float) -> float:
    """Return the amplitude that lies db decibels above full scale; also a gain as a factor."""
    return float(10 ** (db / 20))


def power(db: float) -> float:
    """Return the power ratio of db decibels."""
    return float(10 ** (db / 10))
