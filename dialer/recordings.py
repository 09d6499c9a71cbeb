"""Whether what a campaign plays is whole where this dialer's PBX reads it.

Recordings are prepared where the API runs. A dialer on another machine has them by a shared
directory or by a copy; one that lacks them would answer people with silence.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import structlog

from audio.library import Library
from campaigns.campaign import Campaign

AGAIN_S = 5.0
"""How soon what was missing is looked for again, and whether what was whole is still there."""

log = structlog.get_logger()


class Recordings:
    """The campaigns of which everything is there.

    Args:
        library: where recordings are, as seen from here.
        clock: monotonic seconds.
    """

    def __init__(self, library: Library, clock: Callable[[], float] = time.monotonic) -> None:
        self._library = library
        self._clock = clock
        self._whole: set[str] = set()
        self._looked: dict[str, float] = {}
        self._ready: frozenset[int] = frozenset()
        self._missed: frozenset[int] = frozenset()

    def ready(self, campaign: Campaign) -> bool:
        """Whether everything of a campaign was found to be whole."""
        return campaign.id in self._ready

    def missed(self, campaign: Campaign) -> bool:
        """Whether something of it was found to be missing or damaged."""
        return campaign.id in self._missed

    def look(self, campaigns: Sequence[Campaign]) -> None:
        """Look at what these campaigns play; reads whole files, and may wait for a slow share."""
        found = {one.id: all(self._is_whole(path) for path in _played(one)) for one in campaigns}
        missed = frozenset(id_ for id_, whole in found.items() if not whole)
        for id_ in missed - self._missed:
            log.error("recordings of a campaign are missing here or damaged", campaign=id_)
        self._missed = missed
        self._ready = frozenset(found) - missed

    def _is_whole(self, path: str) -> bool:
        now = self._clock()
        if now - self._looked.get(path, -AGAIN_S) >= AGAIN_S:
            self._looked[path] = now
            look = self._library.has if path in self._whole else self._library.has_whole
            (self._whole.add if look(path) else self._whole.discard)(path)
        return path in self._whole


def _played(campaign: Campaign) -> Iterator[str]:
    """Everything that anybody or any machine hears, as paths within the library."""
    yield from (one.path for one in campaign.messages)
    if campaign.machines.message:
        yield campaign.machines.message
    if campaign.script is not None and campaign.script.sounds:
        yield campaign.script.sounds
