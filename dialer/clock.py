"""The wall clock, watched: what is judged by it is judged anew when it was put right.

Pacing, freshness and time-outs run on the monotonic clock, so that no step makes a burst or a
pause of them. Calling hours, due times and instants written down are of the wall clock.
"""

STEP_S = 2.0
"""A wall clock that differs by more from what the monotonic clock says was put elsewhere; NTP
slews smaller differences, 0.5 ms in a second at most (adjtimex(2))."""


class ClockWatch:
    """Notices that the wall clock was stepped.

    Two readings are compared with the two before, so that a slow drift between the clocks, however
    far it goes with time, is no step. A process that was stopped, or a machine that slept with its
    monotonic clock running, makes none either: both clocks went on.

    Args:
        wall: seconds since the epoch.
        monotonic: seconds of the monotonic clock at the same instant.
    """

    def __init__(self, wall: float, monotonic: float) -> None:
        self._offset = wall - monotonic

    def step(self, wall: float, monotonic: float) -> float:
        """How far the wall clock was stepped since the last look.

        Returns:
            Seconds, negative where it was put back; 0 where it was not, and told once.
        """
        before, self._offset = self._offset, wall - monotonic
        moved = self._offset - before
        return moved if abs(moved) > STEP_S else 0.0
