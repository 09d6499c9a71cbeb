"""Settings that are safe to read: limits, how long people are kept, what the API lets through."""

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.caller import Asking, In
from api.language import LANGUAGES
from api.needs import needs
from campaigns.access import Permission

router = APIRouter(prefix="/settings", tags=["settings"])


class SettingsAnswer(BaseModel):
    """What is set and concerns whoever uses the API; no secret, no address."""

    version: str
    languages: list[str]
    max_channels: int = Field(description="Concurrent calls over all trunks and campaigns.")
    max_cps: float = Field(description="Calls started in a second over all of them.")
    kept_days: int = Field(description="For how long after a campaign's end its people are kept.")
    requests_per_minute: int = Field(description="That a key may make; 0 for no limit.")
    webhooks_to_loopback: bool = Field(description="Webhooks may lead to this machine itself.")


@router.get("", summary="Settings")
@needs(Permission.CAMPAIGNS_READ)
def settings(
    workspace: In,
    caller: Asking,  # noqa: ARG001 -- only whoever has a key may ask
) -> SettingsAnswer:
    """They are changed in the settings file alone, by the operator."""
    found = workspace.settings
    return SettingsAnswer(
        version=version("portevoix"),
        languages=list(LANGUAGES),
        max_channels=found.limits.max_channels,
        max_cps=found.limits.max_cps,
        kept_days=found.retention.campaign_days,
        requests_per_minute=found.api.requests_per_minute,
        webhooks_to_loopback=found.webhooks.allow_loopback,
    )
