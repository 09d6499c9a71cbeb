"""`portevoix pbx run`: an Asterisk for a dialer in another container, or on another host."""

import os

import typer

from campaigns.errors import NotAllowed
from cli.console import say
from cli.session import session_of
from dialer import priority
from dialer.instance.apart import instance_apart
from dialer.instance.configure import configure
from dialer.instance.identity import choose_identity
from dialer.instance.locate import find_installation
from operations.settings import load


def run(ctx: typer.Context) -> None:
    """Run Asterisk in the foreground for a dialer elsewhere, with which it shares a directory."""
    if os.geteuid() == 0:
        raise NotAllowed("Asterisk must not run as root. Start this as an unprivileged user.")
    instance = instance_apart(load(session_of(ctx).home))
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
