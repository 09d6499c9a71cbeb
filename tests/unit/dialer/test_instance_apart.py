"""An Asterisk run apart from the dialer: what both sides know without being told."""

import stat
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from dialer.instance.apart import SIP_PORT, access_to, instance_apart, own_interface
from operations.settings import PbxSettings, Settings, TrunkSettings


def settings(where: Path | None, **pbx: object) -> Settings:
    values = {"mode": "remote", "host": "127.0.0.1", "port": 5038, "directory": where, **pbx}
    return Settings(home=Path("/nowhere"), pbx=PbxSettings.model_validate(values))


def test_the_dialer_reads_what_the_pbx_made_up(tmp_path: Path) -> None:
    ours = settings(tmp_path)
    instance = instance_apart(ours)
    access = access_to(ours.pbx)
    assert access.secret == instance.ami_secret
    assert len(access.secret) >= 32
    assert "carrier" + access.endpoint_suffix == instance.endpoint("carrier")


def test_what_was_made_up_stays_from_start_to_start(tmp_path: Path) -> None:
    first = instance_apart(settings(tmp_path))
    secret = first.ami_secret
    again = instance_apart(settings(tmp_path))
    assert (again.ami_secret, again.endpoint_tag) == (secret, first.endpoint_tag)


def test_two_directories_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = (instance_apart(settings(tmp_path / name)) for name in ("a", "b"))
    assert one.ami_secret != other.ami_secret
    assert one.endpoint_tag != other.endpoint_tag


def test_a_secret_of_the_settings_is_used_by_both_sides(tmp_path: Path) -> None:
    instance_apart(settings(tmp_path))
    ours = settings(tmp_path, secret="given")
    assert instance_apart(ours).ami_secret == "given"
    assert access_to(ours.pbx).secret == "given"


def test_nobody_else_may_read_the_secret(tmp_path: Path) -> None:
    instance_apart(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_pbx_of_somebody_elses_is_known_by_the_settings_alone(tmp_path: Path) -> None:
    access = access_to(settings(tmp_path, secret="theirs", endpoint_suffix="-x").pbx)
    assert (access.secret, access.endpoint_suffix) == ("theirs", "-x")
    assert access_to(settings(None).pbx).secret == ""


def test_ami_listens_where_the_dialer_calls_and_nowhere_else(tmp_path: Path) -> None:
    instance = instance_apart(settings(tmp_path))
    assert instance.ami_address == "127.0.0.1"
    assert instance.ami_permit == "127.0.0.0/255.0.0.0"
    assert instance.sip_port == SIP_PORT


def test_sip_leaves_loopback_only_for_a_trunk_that_does(tmp_path: Path) -> None:
    ours = settings(tmp_path, sip_bind="192.0.2.9")
    assert instance_apart(ours).bound_address == "127.0.0.1"
    carrier = ours.model_copy(update={"trunks": {"carrier": TrunkSettings(host="192.0.2.1")}})
    assert instance_apart(carrier).bound_address == "192.0.2.9"


def test_the_directory_has_the_name_it_has_on_the_pbx_side(tmp_path: Path) -> None:
    assert instance_apart(settings(Path("/here"), directory_there=tmp_path)).root == tmp_path


@pytest.mark.parametrize("lacking", [{"mode": "local"}, {"port": 0}, {"directory": None}])
def test_a_setting_that_is_missing_is_named(tmp_path: Path, lacking: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="needs mode"):
        instance_apart(settings(tmp_path, **lacking))


def test_a_host_that_is_another_machine_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another machine"):
        own_interface("192.0.2.77")


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no address here"):
        own_interface("no-such-host.invalid")
