"""The calls this dialer has in hand, from the claim to the commit of their end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from campaigns.attempt import Attempt
from campaigns.campaign import Campaign, Message
from campaigns.reply import Reply, ReplyKind
from campaigns.states import TargetState
from dialer.events import CallEnded, HungUp


@dataclass(slots=True)
class Call:
    """One attempt in hand.

    Attributes:
        attempt: as it was claimed.
        campaign: as it stood at the claim.
        attempts: attempts the person had received before this one.
        tries: calls for the target that had not counted before this one.
        claimed: monotonic seconds of the commit.
        sent: monotonic seconds of the Originate; 0 until then.
        sent_at, ringing_at, answered_at: as we heard of them.
        ended: what the hangup handler knew.
        hung_up: the channel is gone, and what the hangup handler knew was not heard.
        opted_out: a refusal was journalled by the PBX.
        hung_up_by_us: its campaign was stopped while it was up.
        target_state: where its target stands until the call is closed.
        cut_off: the PBX died with it: nobody can hang it up, and nothing more is heard of it.
        closed: its closing is made; whoever comes later with another one is too late.
        replies: what was said with keys, each once.
    """

    attempt: Attempt
    campaign: Campaign
    attempts: int
    tries: int
    claimed: float = 0.0
    sent: float = 0.0
    sent_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended: CallEnded | None = None
    hung_up: HungUp | None = None
    opted_out: bool = False
    hung_up_by_us: bool = False
    keys: list[str] = field(default_factory=list)
    target_state: TargetState = TargetState.CALLING
    cut_off: bool = False
    closed: bool = False
    replies: dict[tuple[ReplyKind, int, str], Reply] = field(default_factory=dict)

    def note(self, reply: Reply) -> None:
        """Something was said; where it was heard before, the first time counts."""
        self.replies.setdefault(reply.key, reply)

    @property
    def message(self) -> Message:
        """What is played in it."""
        return self.campaign.heard_by(self.attempt.variant)

    def age(self, now: float, wall: datetime) -> float:
        """Seconds since the claim.

        Args:
            now: monotonic seconds: what counts for a call that this dialer claimed or adopted.
            wall: for one of another dialer that is not in hand.
        """
        if self.claimed:
            return now - self.claimed
        return (wall - self.attempt.claimed_at).total_seconds()


class Calls:
    """Calls in hand by attempt id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Call] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._by_id.values())

    def __contains__(self, attempt_id: object) -> bool:
        return attempt_id in self._by_id

    def add(self, call: Call) -> None:
        """Take a call in hand."""
        self._by_id[call.attempt.id] = call

    def get(self, attempt_id: str) -> Call | None:
        """The call of that attempt, if it is in hand."""
        return self._by_id.get(attempt_id)

    def remove(self, attempt_id: str) -> Call | None:
        """Let go of a call; None where it was not in hand."""
        return self._by_id.pop(attempt_id, None)

    def of_campaign(self, campaign_id: int) -> list[Call]:
        """Calls in hand of one campaign."""
        return [call for call in self if call.campaign.id == campaign_id]


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
