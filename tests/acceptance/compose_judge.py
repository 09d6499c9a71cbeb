"""Run inside the image: hold a campaign against the ledger of the simulated network.

    python compose_judge.py CONTROLLER CAMPAIGN LEDGER

Prints one JSON object: what is wrong, and how many calls the network saw.
"""

import json
import sys
from pathlib import Path

from campaigns.states import CampaignState
from cli.judge import judge
from operations.progress import progress_of
from operations.workspace import open_workspace
from store import controllers
from store.engine import reading


def main(controller: str, campaign: str, ledger: str) -> None:
    """Print the verdict."""
    workspace = open_workspace()
    with reading(workspace.engine) as connection:
        owner = controllers.named(connection, controller)
    progress = progress_of(workspace, owner, int(campaign))
    verdict = judge(workspace, owner, int(campaign), Path(ledger))
    print(
        json.dumps(
            {
                "finished": progress.state is CampaignState.FINISHED,
                "faults": verdict.faults,
                "attempts": progress.attempts,
                "ledger_calls": verdict.ledger_calls,
                "optouts_sent": len(verdict.optouts_sent),
                "optouts_recorded": len(verdict.optouts_recorded),
                "peak_channels": verdict.peak_channels,
                "peak_cps": verdict.peak_cps,
            }
        )
    )


main(*sys.argv[1:])
