"""The wall clock, watched: what is judged by it is judged anew when it was put right.

Pacing, freshness and time-outs run on the monotonic clock, so that no step makes a burst or a
pause of them. Calling hours, due times and instants written down are of the wall clock.
"""

from collections import deque

STEP_S = 2.0
"""A wall clock that differs by more from what the monotonic clock says was put elsewhere; NTP
slews smaller differences, 0.5 ms in a second at most (adjtimex(2))."""


KEPT_S = 30.0
"""How long it counts how soon something was heard: by then the clocks may have drifted apart."""


class FarClock:
    """The moments on our clock of which a PBX speaks, whose own clock may show anything.

    Everything is heard a little after it is said. What was heard soonest in the last seconds shows
    by how much the clocks differ; what comes later than that was held up on the way, or here.
    """

    def __init__(self) -> None:
        self._soonest: deque[tuple[float, float]] = deque()  # (heard, difference), both growing

    def moment(self, said: float, heard: float) -> float:
        """When something was said.

        Args:
            said: by the PBX's clock, epoch seconds; 0 where it is not known.
            heard: by our monotonic clock.

        Returns:
            Monotonic seconds, `heard` at the latest.
        """
        if not said:
            return heard
        self._note(heard, heard - said)
        return min(heard, said + self._soonest[0][1])

    def _note(self, heard: float, difference: float) -> None:
        if self._soonest and abs(difference - self._soonest[-1][1]) > STEP_S:
            self._soonest.clear()
        while self._soonest and self._soonest[-1][1] >= difference:
            self._soonest.pop()
        self._soonest.append((heard, difference))
        while self._soonest[0][0] < heard - KEPT_S:
            self._soonest.popleft()


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
