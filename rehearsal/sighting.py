"""What has been seen of one call so far, on its way into the ledger."""

from dataclasses import asdict, replace

from rehearsal.behaviour import Plan
from rehearsal.ledger import Ledger, LedgerKey
from rehearsal.reception import Heard
from rehearsal.sip import Address, Message, uri_in, user_of


class Sighting:
    """Facts by the names of LedgerCall's fields; what has not happened is not there."""

    def __init__(
        self, ledger: Ledger, invite: Message, source: Address, serial: int, now: float
    ) -> None:
        self._ledger = ledger
        self.number = user_of(invite.uri)
        self.sip_call_id = invite.header("call-id")
        self._keys: list[dict[str, object]] = []
        self._down: list[LedgerKey] = []
        self._retransmissions = 0
        self._facts: dict[str, object] = {
            "call": serial,
            "number": self.number,
            "caller_id": user_of(uri_in(invite.header("from"))),
            "asserted_id": user_of(uri_in(invite.header("p-asserted-identity"))),
            "sip_call_id": self.sip_call_id,
            "source": f"{source[0]}:{source[1]}",
            "invite_at": now,
        }

    def planned(self, plan: Plan, nth: int) -> None:
        """Write the first line, before anything is answered."""
        self._facts |= {"behaviour": plan.behaviour, "nth": nth}
        self._ledger.write("invite", self._facts)

    def not_acceptable(self, now: float) -> None:
        """Write that the offer could not be taken (488), the only line of such a call."""
        self._facts |= {"behaviour": "not_acceptable", "nth": 0, "status": 488, "ended_at": now}
        self._ledger.write("end", self._facts)

    def note(self, **facts: object) -> None:
        """Add facts, without a line of their own."""
        self._facts.update(facts)

    def note_once(self, name: str, value: object) -> bool:
        """Add a fact unless it is there. Returns whether it was new."""
        new = name not in self._facts
        self._facts.setdefault(name, value)
        return new

    def answered(self, now: float) -> None:
        """Write that a 200 leaves."""
        facts: dict[str, object] = {"answer_at": now, "status": 200}
        self._facts |= facts
        self._ledger.write("answer", {"sip_call_id": self.sip_call_id, **facts})

    def pressed(self, key: LedgerKey) -> None:
        """A key went down."""
        self._down.append(key)

    def released(self, key: LedgerKey, now: float) -> None:
        """Write that a key that is down went up; by itself, or with the call."""
        if key not in self._down:
            return
        self._down.remove(key)
        facts = asdict(replace(key, end=now))
        self._keys.append(facts)
        self._ledger.write("key", {"sip_call_id": self.sip_call_id, "number": self.number, **facts})

    def invited_again(self) -> None:
        """Count a retransmission of the INVITE."""
        self._retransmissions += 1

    def hung_up(self, by: str, now: float) -> None:
        """The first BYE passed, from `network` or `pbx`."""
        if self.note_once("hung_up_by", by):
            self.note(bye_at=now, ended_at=now)
            for key in self._down.copy():
                self.released(key, now)

    def finish(self, heard: Heard) -> None:
        """Write the last line, with everything."""
        if heard.packets:
            self.note(rtp_first_at=heard.first_at, rtp_last_at=heard.last_at)
        self.note(
            rtp_packets=heard.packets,
            rtp_seconds=heard.seconds,
            keys=self._keys,
            invite_retransmissions=self._retransmissions,
        )
        self._ledger.write("end", self._facts)
