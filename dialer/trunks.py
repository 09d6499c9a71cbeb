"""The trunks as they are at this moment: which may be used, by which limits, in which order."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog

from campaigns.budget import Prices
from campaigns.campaign import Campaign, Limits
from campaigns.errors import PbxError
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.trunk import FIRST_RATE, Trunk, is_rehearsal
from campaigns.trunk_health import DOUBTED, PROBE_CPS, Breaker, Health
from campaigns.trunk_sign import Sign, sign_of
from dialer.calls import utc_now
from dialer.pbx import Pbx
from dialer.portions import ALONE, Portions
from store.portions import of_trunk
from store.trunks import TrunkRecord

CATCH_UP_CALLS = 20
"""How far a trunk that was full or out of order may stay behind its share, in calls of the trunk of
least weight: what is beyond is forgotten, so that it is not called alone until it has caught up."""

WRITTEN_WITHIN_S = 5.0
"""How long after a 404 was heard its spike is told again: by then its end stands in the store."""

EARLIER_S = 2.0
"""How much earlier than it was sent a call may have been claimed, and a margin: see FRESH_S."""

_TELLING = (None, Gate.LIMIT_REACHED, Gate.TRUNK_UNAVAILABLE, Gate.CALLER_ID_NOT_ALLOWED)
"""Of the gates of several trunks the one that is told: that of the trunk nearest to being used."""

ASK_AGAIN_S = 5.0
"""How soon a trunk that did not answer OPTIONS is asked again: the PBX itself would wait for a
whole interval, and the first OPTIONS of all is sent while the PBX still loads."""

UNANSWERED = "unanswered"
"""What was wrong with a trunk that does not answer OPTIONS."""

log = structlog.get_logger()


class Trunks:
    """Every trunk of the settings, with what the store, the PBX and its calls say of it.

    Args:
        trunks: as the settings say.
        endpoint: gives the PJSIP endpoint of a trunk's name.
        clock: monotonic seconds.
        portions: what this dialer may use of their limits.
    """

    def __init__(
        self,
        trunks: Iterable[Trunk],
        endpoint: Callable[[str], str] = str,
        clock: Callable[[], float] = time.monotonic,
        portions: Portions = ALONE,
    ) -> None:
        self.endpoint = endpoint
        self._portions = portions
        self.changed = False
        self._clock = clock
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._names = {endpoint(name): name for name in self._trunks}
        self._records: dict[str, TrunkRecord] = {}
        self._rehearsal: dict[str, bool] = {}
        self._unanswered: dict[str, bool] = {}
        self._asked: dict[str, float] = {}
        self._health = {name: Health(self._base(name).max_cps) for name in self._trunks}
        self._spent = dict.fromkeys(self._trunks, 0.0)
        self._spiked: dict[str, tuple[float, float]] = {}  # since when, and last heard of

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._trunks.values())

    def get(self, name: str) -> Trunk | None:
        """The trunk of that name."""
        return self._trunks.get(name)

    def of_channel(self, channel: str) -> str:
        """The trunk on which a channel is (`PJSIP/carrier-00000012`); empty where on none."""
        endpoint = channel.removeprefix("PJSIP/").rpartition("-")[0]
        return self._names.get(endpoint, "")

    def note(self, records: dict[str, TrunkRecord]) -> None:
        """Take in what the store keeps: arming and changed limits."""
        self._records = records

    async def look(self, pbx: Pbx) -> None:
        """Ask the PBX where each endpoint's calls would go now, and whether anybody is there."""
        for name, trunk in self._trunks.items():
            endpoint = self.endpoint(name)
            try:
                self._rehearsal[name] = is_rehearsal(await pbx.contacts(endpoint))
                gone = trunk.asks_options and await pbx.unanswered(endpoint)
                if gone:
                    self._ask_again(pbx, name)
            except PbxError:
                self._rehearsal[name] = False
            else:
                self._note_options(name, gone)

    def _ask_again(self, pbx: Pbx, name: str) -> None:
        now = self._clock()
        if now - self._asked.get(name, -math.inf) >= ASK_AGAIN_S:
            self._asked[name] = now
            pbx.ask_options(self.endpoint(name))

    def _note_options(self, name: str, gone: bool) -> None:
        """Leave a trunk alone that does not answer OPTIONS, and use it again when it does."""
        if gone != self._unanswered.get(name, False):
            self._unanswered[name] = gone
            log.warning("trunk", name=name, answers_options=not gone)

    def is_rehearsal(self, name: str) -> bool:
        """Whether every contact of the trunk was on loopback when last looked at."""
        return self._rehearsal.get(name, False)

    # Limits

    def shared(self) -> dict[str, Limits]:
        """Limits as people have set them, which all dialers keep together."""
        return {name: self._base(name) for name in self._trunks}

    def limits(self) -> dict[str, Limits | None]:
        """Limits in force now; None for a trunk of which this dialer may use nothing.

        A real trunk that nobody has armed for more starts slowly; one that does not fare well is
        called more slowly, and one that is probed at a call per second. Calls that are up keep
        their channels.
        """
        self.changed = False
        now = self._clock()
        return {name: self._limits(name, now) for name in self._trunks}

    def _limits(self, name: str, now: float) -> Limits | None:
        base = self._portions.of(of_trunk(name), self._base(name))
        if base is None:
            return None
        health = self._health[name]
        health.limit_cps = base.max_cps
        # Left alone, it is not offered to campaigns; what was claimed before goes out slowly.
        slowest = min(base.max_cps, PROBE_CPS)
        return Limits(base.max_channels, max(slowest, base.max_cps * health.factor(now)))

    def _base(self, name: str) -> Limits:
        """Limits as people have set them."""
        trunk, record = self._trunks[name], self._records.get(name, TrunkRecord(name))
        rate = record.max_cps or (trunk.max_cps if self.is_rehearsal(name) else FIRST_RATE)
        return Limits(record.max_channels or trunk.max_channels, rate)

    # Which may be used

    def gate(self, campaign: Campaign) -> Gate | None:
        """What keeps a campaign from going out by any of its trunks now; None where nothing does.

        A rehearsal goes nowhere but to loopback, and nothing else goes there; a real trunk waits
        until a named person has armed it, and shows only the caller ids that the carrier allows.
        One that is left alone for some seconds has a limit of nothing for so long; that opens by
        itself, where the others need a person.
        """
        now = self._clock()
        gates = {self._gate(name, campaign, now) for name in campaign.trunks}
        return next(gate for gate in _TELLING if gate in gates)

    def _gate(self, name: str, campaign: Campaign, now: float) -> Gate | None:
        trunk = self._trunks.get(name)
        if trunk is None or campaign.rehearsal != self.is_rehearsal(name):
            return Gate.TRUNK_UNAVAILABLE
        if not campaign.rehearsal:
            if not self._is_armed(name):
                return Gate.TRUNK_UNAVAILABLE
            if campaign.caller_id not in trunk.caller_ids:
                return Gate.CALLER_ID_NOT_ALLOWED
        return Gate.LIMIT_REACHED if self._breaker(name, now) is Breaker.OPEN else None

    def transfers(self, campaign_id: int, limit: int) -> int:
        """How many of a campaign's transfers may be up on this dialer's PBX."""
        return self._portions.transfers(campaign_id, limit)

    def may_transfer(self, name: str, campaign: Campaign) -> bool:
        """Whether a call of a campaign may be put through by a trunk: armed, with its caller id."""
        allowed = {None, Gate.LIMIT_REACHED}
        return self._gate(name, campaign, self._clock()) in allowed

    def transfers_closed(self, campaign: Campaign) -> bool:
        """Whether nobody can be put through, as the trunk that is named for it cannot be used."""
        transfer = campaign.script.transfer if campaign.script else None
        if transfer is None or not transfer.trunk:
            return False
        return not self.may_transfer(transfer.trunk, campaign)

    def _breaker(self, name: str, now: float) -> Breaker:
        """Whether it is used: not at all while nobody answers its OPTIONS."""
        if self._unanswered.get(name):
            return Breaker.OPEN
        return self._health[name].breaker(now)

    def _is_armed(self, name: str) -> bool:
        record = self._records.get(name)
        return record is not None and record.armed_by is not None

    def choices(self, campaign: Campaign, now: float) -> list[str]:
        """Trunks that a campaign may use now, in the order in which to try them.

        By priority, and among those of one priority the one furthest behind its weight first.
        """
        usable = [
            name
            for name in dict.fromkeys(campaign.trunks)
            if self._gate(name, campaign, now) is None
        ]
        return sorted(usable, key=self._turn)

    def _turn(self, name: str) -> tuple[int, float]:
        return self._trunks[name].priority, self._spent[name]

    def prices(self, name: str, campaign: Campaign) -> Prices:
        """What the calls of a campaign over a trunk cost; in a rehearsal nothing but by tariff."""
        trunk = self._trunks[name]
        longest_s = trunk.longest_call_s(campaign.max_call_s)
        return Prices(trunk.tariffs, longest_s, self.is_rehearsal(name))

    def placed(self, trunk: str, count: int, now: float) -> None:
        """So many calls were claimed on a trunk (start-time fair queueing, Goyal et al. 1996)."""
        del now  # shares are counted in calls, not in time
        least = min(one.weight for one in self._trunks.values())
        furthest = max(self._spent.values())
        reached = max(self._spent[trunk], furthest - CATCH_UP_CALLS / least)
        self._spent[trunk] = reached + count / self._trunks[trunk].weight

    # How they fare

    def dialled(self, trunk: str, sent: float) -> None:
        """The INVITE of a call sent at this instant (monotonic s) left."""
        if trunk in self._health:
            self._health[trunk].dialled(sent)

    def over(self, trunk: str, sent: float) -> None:
        """The call sent then is over, or nobody knows of it any more."""
        if trunk in self._health:
            self._health[trunk].over(sent)

    def began(self, trunk: str, post_dial_delay_s: float, now: float) -> None:
        """A call began to ring, so long after it was sent (monotonic s)."""
        self._hear(trunk, now, lambda health: health.began(now, post_dial_delay_s))

    def ended(
        self,
        trunk: str,
        outcome: Outcome,
        tech: str,
        now: float,
        sent: float | None = None,
        *,
        first: bool = True,
    ) -> None:
        """A call ended.

        Args:
            trunk: by which it went.
            outcome: how it ended.
            tech: the technology's own words.
            now: monotonic seconds.
            sent: when it was sent (monotonic s), where that is known: the end of a call sent
                before the trunk was left alone is not taken for that of a probe.
            first: the person was not called before. Of those who are called again most have their
                phones off, and at the end of a list all: that says nothing of the trunk.
        """
        sign = sign_of(outcome, tech)
        if sign is None or (sign is Sign.UNAVAILABLE and not first):
            return
        self._hear(trunk, now, lambda health: health.note(now, sign, sent or None))
        since = self._health[trunk].spike_since if trunk in self._health else None
        if sign in DOUBTED and since is not None:
            self._spiked[trunk] = since, now

    def _hear(self, trunk: str, now: float, tell: Callable[[Health], None]) -> None:
        health = self._health.get(trunk)
        if health is None:
            return
        before, factor = health.breaker(now), health.factor(now)
        tell(health)
        after = health.breaker(now)
        if (after, health.factor(now)) != (before, factor):
            self.changed = True
        if after is not before:
            log.warning("trunk", name=trunk, breaker=after, was=before, why=health.why)

    def spikes(self) -> list[tuple[str, datetime]]:
        """Trunks whose 404s are not to be believed, for attempts claimed since when.

        Each is told while its spike lasts and until the end of the last call of it is written, so
        that no number is condemned by it.
        """
        now, at = self._clock(), utc_now()
        found = [
            (name, at - timedelta(seconds=now - since + EARLIER_S))
            for name, (since, _) in sorted(self._spiked.items())
        ]
        self._spiked = {
            name: (since, heard)
            for name, (since, heard) in self._spiked.items()
            if now - heard <= WRITTEN_WITHIN_S
        }
        return found

    def status(self, now: float) -> dict[str, dict[str, Any]]:
        """What each trunk shows of itself, ready for JSON.

        `factor` is the share of its limit at which it is called; `why` what was wrong where the
        breaker is not closed (see `campaigns.trunk_sign.Sign`, and `unanswered`), else None.
        """
        return {name: self._status(name, now) for name in self._trunks}

    def _status(self, name: str, now: float) -> dict[str, Any]:
        trunk, health, base = self._trunks[name], self._health[name], self._base(name)
        return {
            "rehearsal": self.is_rehearsal(name),
            "armed": self._is_armed(name),
            "priority": trunk.priority,
            "weight": trunk.weight,
            "max_channels": base.max_channels,
            "max_cps": base.max_cps,
            "breaker": self._breaker(name, now).value,
            "factor": round(health.factor(now), 3),
            "why": self._why(name),
        }

    def _why(self, name: str) -> str | None:
        if self._unanswered.get(name):
            return UNANSWERED
        sign = self._health[name].why
        return sign.value if sign else None
