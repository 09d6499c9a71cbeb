"""`portevoix retain`: remove the people of campaigns whose time is over."""

import typer

from cli.console import figure, say
from cli.session import open_home
from operations import retain as retention


def retain(ctx: typer.Context) -> None:
    """Remove what is known of people in campaigns that ended long ago; the dialer does so daily.

    How long it is kept is said in the settings, `[retention] campaign_days`. Counts stay, and so
    do suppressions.
    """
    workspace = open_home(ctx)
    removed = retention.retain(workspace)
    days = workspace.settings.retention.campaign_days
    say(f"{figure(removed)} people removed, of campaigns and lists over for {days} days.")
