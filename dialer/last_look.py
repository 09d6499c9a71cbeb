"""The last look before a call: whether somebody refused since its claim."""

import math
from collections.abc import Iterable

from dialer.calls import Call, utc_now
from store.refusals import Asked, Refusals

LOOK_S = 0.05
"""How old a look may be: a fifth of the time within which a refusal must be in force."""


class LastLook:
    """Looks for every call that is about to be sent at once, as each look has a price of its own.

    Args:
        refusals: where to.
    """

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals
        self._at = -math.inf
        self._seen: dict[str, bool] = {}

    def is_refused(self, call: Call, waiting: Iterable[Call], now: float) -> bool:
        """Whether a call must not be sent now.

        Args:
            call: the call.
            waiting: those that will be asked about next.
            now: monotonic seconds.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        if now - self._at > LOOK_S or call.attempt.id not in self._seen:
            self._look([call, *waiting])
            self._at = now
        return self._seen[call.attempt.id]

    def _look(self, calls: list[Call]) -> None:
        self._seen = {}
        asked = {one.attempt.id: _asked(one) for one in calls}
        refused = self._refusals.among(asked.values(), utc_now())
        self._seen = {id_: one in refused for id_, one in asked.items()}


def _asked(call: Call) -> Asked:
    campaign = call.campaign
    return Asked(call.attempt.number, campaign.controller_id, campaign.id)
