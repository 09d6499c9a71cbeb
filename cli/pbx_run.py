"""`portevoix pbx run`: an Asterisk for a dialer in another container, or on another host."""

import asyncio
import os
import signal
from dataclasses import replace
from typing import Annotated

import typer

from campaigns.errors import NotAllowed
from cli.children import ChildFailed, portevoix
from cli.console import say
from cli.keeper import Keeper
from cli.session import session_of
from dialer.instance.apart import instance_apart
from dialer.instance.configure import configure
from dialer.instance.identity import choose_identity
from dialer.instance.locate import find_installation
from dialer.instance.seats import seat, seats, shared_lines
from operations import priority
from operations.settings import Settings, load


def run(
    ctx: typer.Context,
    node: Annotated[
        str, typer.Option(help="Of several seats this one alone. Default: all of them.")
    ] = "",
) -> None:
    """Run Asterisk in the foreground for a dialer elsewhere, with which it shares a directory.

    With [pbx] seats it runs as many, each for one dialer, and starts one again that dies.
    """
    if os.geteuid() == 0:
        raise NotAllowed("Asterisk must not run as root. Start this as an unprivileged user.")
    settings = load(session_of(ctx).home)
    names = seats(settings.pbx)
    if node or len(names) == 1:
        _become(settings, node or names[0])
    asyncio.run(_keep_all(settings, names))


def _become(settings: Settings, node: str) -> None:
    own = settings.model_copy(update={"pbx": seat(settings.pbx, node)})
    instance = replace(instance_apart(own), shared_lines=shared_lines(settings.pbx, node))
    installation = find_installation()
    configure(instance, installation, choose_identity(instance.root, installation.program))
    say(
        f"Asterisk {installation.version_text}: AMI on {instance.ami_address}:{instance.ami_port} "
        f"for {instance.ami_permit}, SIP on {instance.bound_address}:{instance.sip_port}."
    )
    command = installation.asterisk("-f", "-C", str(instance.etc / "asterisk.conf"))
    priority.in_real_time(priority.PBX)
    os.umask(0o077)
    os.chdir(instance.state)
    os.execv(command[0], command)  # noqa: S606 - our own program: it takes our place


async def _keep_all(settings: Settings, names: list[str]) -> None:
    """Until told to end.

    Raises:
        ChildFailed: one of them dies again and again.
    """
    keepers = [Keeper(portevoix(settings.home, "pbx", "run", "--node", name)) for name in names]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, keepers)
    try:
        async with asyncio.TaskGroup() as group:
            for one in keepers:
                group.create_task(one.keep())
    except* ChildFailed as failed:
        raise failed.exceptions[0] from None


def _end(keepers: list[Keeper]) -> None:
    for one in keepers:
        one.end()
