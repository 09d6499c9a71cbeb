"""A configuration that was exported and installed: a real Asterisk that takes the dialer."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import wait_until
from far_side import FarSide

from campaigns.errors import PbxError
from dialer.ami import AmiPbx, AmiSettings
from dialer.instance.apart import access_to, instance_elsewhere
from dialer.instance.configure import AMI_USER, Instance
from dialer.instance.export import export
from dialer.instance.locate import Installation
from dialer.instance.ports import free_ports
from operations.settings import PbxSettings, Settings, TrunkSettings

pytestmark = [
    pytest.mark.pbx,
    pytest.mark.skipif(os.geteuid() != 0, reason="its installer gives files to another user"),
]

USER = "nobody"


@pytest.fixture
def settings(pbx_root: Path, far_side: FarSide) -> Settings:
    ports = free_ports(calls=10)
    pbx = PbxSettings(
        mode="remote", port=ports.ami, directory=pbx_root / "exported", sip_port=ports.sip,
        rtp_start=ports.rtp_first, rtp_end=ports.rtp_last,
    )  # fmt: skip
    trunk = TrunkSettings(host="127.0.0.1", port=far_side.port)
    return Settings(home=pbx_root / "home", pbx=pbx, trunks={"loop": trunk})


@pytest.fixture
def running(settings: Settings, pbx_binary: Installation, tmp_path: Path) -> Iterator[Instance]:
    """The exported Asterisk, installed, and started as its unit would."""
    instance, kept = instance_elsewhere(settings)
    export(tmp_path / "out", instance, kept, pbx_binary, USER)
    script = tmp_path / "out" / "install.sh"
    installer = script.read_text().replace("/etc/systemd/system", "/nowhere/systemd")
    script.write_text(installer)
    subprocess.run(["/bin/sh", str(script)], check=True, capture_output=True)
    found = pwd.getpwnam(USER)
    process = subprocess.Popen(
        pbx_binary.asterisk("-f", "-C", str(instance.etc / "asterisk.conf")),
        cwd=instance.state,
        user=found.pw_uid,
        group=found.pw_gid,
        extra_groups=[],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield instance
    with process:
        process.terminate()


def test_the_dialer_is_let_in_and_finds_its_trunk(running: Instance, settings: Settings) -> None:
    access = access_to(settings.pbx)
    account = AmiSettings("127.0.0.1", settings.pbx.port, AMI_USER, access.secret)

    async def ask() -> list[str]:
        pbx = AmiPbx(account)
        await pbx.open(lambda _events: None)
        try:
            return list(await pbx.contacts("loop" + access.endpoint_suffix))
        finally:
            await pbx.close()

    def answers() -> bool:
        try:
            return bool(asyncio.run(ask()))
        except PbxError:
            return False

    wait_until(answers)
    log = (running.log / "messages").read_text()
    assert not [line for line in log.splitlines() if "WARNING[" in line or "ERROR[" in line]
