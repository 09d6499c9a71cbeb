"""`portevoix pbx export`: the configuration of an Asterisk on a host without Porte-voix."""

import re
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import InvalidInput
from cli.console import say
from cli.session import session_of
from dialer.instance.apart import instance_elsewhere
from dialer.instance.export import export as write
from dialer.instance.locate import OLDEST, Installation
from operations.settings import load

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def export(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(help="Absent or empty. It will hold secrets.")],
    user: Annotated[str, typer.Option(help="Who runs Asterisk there.")] = "portevoix",
    asterisk: Annotated[Path, typer.Option(help="Asterisk there.")] = Path("/usr/sbin/asterisk"),
    version: Annotated[str, typer.Option(help="Its version, such as 22.10.1.")] = f"{OLDEST}.0.0",
    modules: Annotated[Path, typer.Option(help="Its modules.")] = Path(
        "/usr/lib/x86_64-linux-gnu/asterisk/modules"
    ),
    data: Annotated[Path, typer.Option(help="Its documentation.")] = Path("/usr/share/asterisk"),
    dialer: Annotated[
        str, typer.Option(help="From which address the dialer comes. Default: this machine's.")
    ] = "",
) -> None:
    """Write the configuration of an Asterisk on another host, and what installs it there."""
    instance, kept = instance_elsewhere(load(session_of(ctx).home), dialer)
    there = Installation(asterisk, modules, data, None, _version(version))
    write(directory, instance, kept, there, user)
    say(
        f"Carry {directory} to {instance.ami_address} and run install.sh there as root.\n"
        f"Asterisk will have its files in {instance.root}, take AMI on "
        f"{instance.ami_address}:{instance.ami_port} from {instance.ami_permit}, and SIP on "
        f"{instance.bound_address}:{instance.sip_port}.\n"
        "The directory holds secrets: remove it here and there afterwards."
    )


def _version(text: str) -> tuple[int, int, int]:
    found = _VERSION.fullmatch(text)
    if found is None or int(found[1]) < OLDEST:
        raise InvalidInput("--version", f"«{text}» is none.", f"Such as 22.10.1; from {OLDEST} on.")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch
