"""The trunks as they are at this moment: limits in force, armed or not, rehearsal or not."""

from collections.abc import Callable, Iterable, Iterator

from campaigns.campaign import Campaign, Limits
from campaigns.errors import PbxError
from campaigns.rules.gates import Gate
from campaigns.trunk import FIRST_RATE, Trunk, is_rehearsal
from dialer.pbx import Pbx
from store.trunks import TrunkRecord


class Trunks:
    """Every trunk of the settings, with what the store and the PBX say of it.

    Args:
        trunks: as the settings say.
        endpoint: gives the PJSIP endpoint of a trunk's name.
    """

    def __init__(self, trunks: Iterable[Trunk], endpoint: Callable[[str], str] = str) -> None:
        self.endpoint = endpoint
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._records: dict[str, TrunkRecord] = {}
        self._rehearsal: dict[str, bool] = {}

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._trunks.values())

    def get(self, name: str) -> Trunk | None:
        """The trunk of that name."""
        return self._trunks.get(name)

    def note(self, records: dict[str, TrunkRecord]) -> None:
        """Take in what the store keeps: arming and changed limits."""
        self._records = records

    async def look(self, pbx: Pbx) -> None:
        """Ask the PBX where each endpoint's calls would go now."""
        for name in self._trunks:
            try:
                self._rehearsal[name] = is_rehearsal(await pbx.contacts(self.endpoint(name)))
            except PbxError:
                self._rehearsal[name] = False

    def is_rehearsal(self, name: str) -> bool:
        """Whether every contact of the trunk was on loopback when last looked at."""
        return self._rehearsal.get(name, False)

    def limits(self) -> dict[str, Limits]:
        """Limits in force; a real trunk that nobody has armed for more starts slowly."""
        return {name: self._limits(trunk) for name, trunk in self._trunks.items()}

    def _limits(self, trunk: Trunk) -> Limits:
        record = self._records.get(trunk.name, TrunkRecord(trunk.name))
        rate = record.max_cps or (trunk.max_cps if self.is_rehearsal(trunk.name) else FIRST_RATE)
        return Limits(record.max_channels or trunk.max_channels, rate)

    def gate(self, campaign: Campaign) -> Gate | None:
        """What keeps a campaign from going out by its trunk now; None where nothing does.

        A rehearsal goes nowhere but to loopback; a real trunk waits until a named person has
        armed it, and shows only the caller ids that the carrier allows.
        """
        trunk = self._trunks.get(campaign.trunk)
        if trunk is None:
            return Gate.TRUNK_UNAVAILABLE
        if self.is_rehearsal(trunk.name):
            return None
        if campaign.rehearsal or not self._is_armed(trunk.name):
            return Gate.TRUNK_UNAVAILABLE
        return None if campaign.caller_id in trunk.caller_ids else Gate.CALLER_ID_NOT_ALLOWED

    def _is_armed(self, name: str) -> bool:
        record = self._records.get(name)
        return record is not None and record.armed_by is not None
