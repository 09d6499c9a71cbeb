"""`portevoix pbx`: the local Asterisk of this home directory."""

from typing import Annotated

import typer

from campaigns.errors import NotAllowed
from cli.console import as_json, say
from cli.pbx_export import export
from cli.pbx_run import run
from cli.session import AsJson, open_home
from dialer.instance.locate import find_installation
from dialer.instance.supervise import Supervisor
from dialer.process import local_instance
from operations import nodes
from operations.settings import Settings
from store.leases import MAIN

app = typer.Typer(no_args_is_help=True, help="The Asterisk of this machine.")
app.command()(run)
app.command()(export)

Node = Annotated[str, typer.Option(help="Whose: the name of its dialer, beside others.")]


@app.command()
def status(ctx: typer.Context, json: AsJson = False, node: Node = MAIN) -> None:
    """Say whether it runs, and where."""
    supervisor = _local(open_home(ctx).settings, node)
    process, instance = supervisor.process, supervisor.instance
    if json:
        say(
            as_json(
                {
                    "running": process is not None,
                    "pid": process.pid if process else None,
                    "version": supervisor.installation.version_text,
                    "ami_port": instance.ami_port,
                    "sip_port": instance.sip_port,
                    "root": instance.root,
                }
            )
        )
        return
    what = f"Asterisk {supervisor.installation.version_text} in {instance.root}"
    ports = f"AMI {instance.ami_port}, SIP {instance.sip_port}"
    say(f"{what} runs: process {process.pid}, {ports}." if process else f"{what} does not run.")


@app.command()
def stop(ctx: typer.Context, node: Node = MAIN) -> None:
    """Stop it; refused while its dialer runs, which would only start it again."""
    workspace = open_home(ctx)
    if nodes.in_the_way(workspace, node) is not None:
        raise NotAllowed("A dialer runs and looks after it. Stop the dialer first.")
    supervisor = _local(workspace.settings, node)
    was = supervisor.running
    supervisor.stop()
    say("Stopped." if was else "It did not run.")


def _local(settings: Settings, node: str) -> Supervisor:
    if settings.pbx.mode != "local":
        raise NotAllowed("The settings name a remote PBX, which is not ours to look after.")
    return Supervisor(local_instance(settings, nodes.node_name(node)), find_installation())
