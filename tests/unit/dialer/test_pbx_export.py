"""What is carried to a host without Porte-voix: its Asterisk's configuration, and nothing else."""

import stat
import subprocess
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from dialer.instance.apart import access_to, instance_elsewhere
from dialer.instance.export import export
from dialer.instance.locate import Installation
from operations.settings import PbxSettings, Settings, TrunkSettings

THERE = Path("/srv/portevoix-pbx")
ASTERISK = Installation(
    Path("/usr/sbin/asterisk"), Path("/usr/lib/modules-of-it"), Path("/usr/share/asterisk"), None,
    (22, 10, 1),
)  # fmt: skip


def settings(tmp_path: Path, **pbx: object) -> Settings:
    values = {
        "mode": "remote", "host": "127.0.0.1", "port": 5038, "directory": tmp_path / "shared",
        "directory_there": THERE, "sip_bind": "192.0.2.10", **pbx,
    }  # fmt: skip
    carrier = TrunkSettings(host="198.51.100.1", username="u", password="p;w")
    return Settings(
        home=tmp_path, pbx=PbxSettings.model_validate(values), trunks={"carrier": carrier}
    )


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    directory = tmp_path / "out"
    instance, kept = instance_elsewhere(settings(tmp_path), "192.0.2.7")
    export(directory, instance, kept, ASTERISK, "portevoix")
    return directory


def test_it_names_the_paths_that_the_other_host_sees(exported: Path) -> None:
    text = (exported / "etc" / "asterisk.conf").read_text()
    assert f"astetcdir => {THERE}/etc" in text
    assert "astmoddir => /usr/lib/modules-of-it" in text
    assert f"PV_LOG = {THERE}/journal" in (exported / "etc" / "globals.conf").read_text()
    unit = (exported / "portevoix-asterisk.service").read_text()
    assert f"ExecStart=/usr/sbin/asterisk -f -C {THERE}/etc/asterisk.conf" in unit
    assert "User=portevoix" in unit


def test_ami_takes_the_dialer_alone_by_the_secret_that_it_reads(
    exported: Path, tmp_path: Path
) -> None:
    access = access_to(settings(tmp_path).pbx)
    text = (exported / "etc" / "manager.conf").read_text()
    assert f"secret = {access.secret}" in text
    assert "permit = 192.0.2.7/255.255.255.255" in text
    assert "bindaddr = 127.0.0.1" in text
    assert f"[carrier{access.endpoint_suffix}]" in (exported / "etc" / "pjsip.conf").read_text()


def test_the_dialer_s_own_address_is_found_where_none_is_named(tmp_path: Path) -> None:
    instance, _ = instance_elsewhere(settings(tmp_path))
    assert instance.ami_permit == "127.0.0.1/255.255.255.255"


def test_nobody_else_may_read_it(exported: Path) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o700
    for file in exported.rglob("*"):
        if file.is_file() and file.parent.name != "programs":
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    instance, kept = instance_elsewhere(settings(tmp_path))
    with pytest.raises(InvalidInput, match="something in it"):
        export(tmp_path / "out", instance, kept, ASTERISK, "portevoix")
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_second_export_has_the_same_secret(tmp_path: Path) -> None:
    assert instance_elsewhere(settings(tmp_path))[1] == instance_elsewhere(settings(tmp_path))[1]


def test_the_installer_says_what_is_missing(exported: Path) -> None:
    script = (exported / "install.sh").read_text().replace("user=portevoix", "user=nobody-of-here")
    (exported / "install.sh").write_text(script)
    done = subprocess.run(
        ["/bin/sh", str(exported / "install.sh")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "There is no user nobody-of-here here" in done.stderr
