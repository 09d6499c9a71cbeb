"""Numbers not to be called, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.contacts.basis import Channel
from campaigns.errors import InvalidInput

OPERATOR_OWNER = 0
"""The owner of an operator-wide suppression: it belongs to no controller."""


class SuppressionScope(StrEnum):
    """Who must not call the number."""

    OPERATOR = "operator"
    CONTROLLER = "controller"
    CAMPAIGN = "campaign"


class SuppressionReason(StrEnum):
    """What put the number on the list."""

    KEY = "key"  # pressed in a call
    CALLBACK = "callback"  # asked when calling the shown number
    FORM = "form"  # asked on the public page
    API = "api"  # asked by another program
    MANUAL = "manual"  # added by a person
    FILE = "file"  # imported
    UNWANTED = "unwanted_607"  # the person's own operator says so (RFC 8197)
    INVALID_NUMBER = "invalid_number"  # the network says that it does not exist
    OBJECTION = "objection"  # asked in writing or by word of mouth
    ERASURE = "erasure"  # asked for everything to be erased


@dataclass(frozen=True, slots=True)
class Suppression:
    """One number not to be called.

    Attributes:
        number: E.164; of a person who was erased, its digest under the suppression key.
        scope: how far it reaches.
        owner_id: the controller's or the campaign's id; 0 for the operator.
        reason: what put it on the list.
        source: where that is recorded: a file and line, a person, an attempt.
        created_at: aware; when it was asked for.
        expires_at: aware; None for ever.
        attempt_id: the call in which it was asked.
        channel: what must not be used.
    """

    number: str
    scope: SuppressionScope
    owner_id: int
    reason: SuppressionReason
    source: str
    created_at: datetime
    expires_at: datetime | None = None
    attempt_id: str | None = None
    channel: Channel = Channel.VOICE

    def __post_init__(self) -> None:
        if (self.scope is SuppressionScope.OPERATOR) != (self.owner_id == OPERATOR_OWNER):
            raise InvalidInput(
                "scope", "an operator-wide suppression has no owner, and any other has one."
            )

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at this instant."""
        return self.expires_at is None or at < self.expires_at
