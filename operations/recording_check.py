"""What should be said of a recording before people hear it."""

from enum import StrEnum

from audio.probe import Probe

LONGEST_LISTENED_S = 60.0
"""Most who hang up do so long before: the project's own figure."""

CLIPPED_SHARE = 0.001
QUIET_DBFS = -30.0
NARROW_HZ = 8_000


class Remark(StrEnum):
    """What is worth a word."""

    CLIPPED = "clipped"
    QUIET = "quiet"
    NARROW = "narrow"
    LONG = "long"


def remarks(found: Probe) -> list[Remark]:
    """What a phone can't mend in a recording, or what costs listeners."""
    said = {
        Remark.CLIPPED: found.clipped_share > CLIPPED_SHARE,
        Remark.QUIET: found.rms_dbfs < QUIET_DBFS,
        Remark.NARROW: found.rate_hz <= NARROW_HZ,
        Remark.LONG: found.seconds > LONGEST_LISTENED_S,
    }
    return [one for one, true in said.items() if true]
