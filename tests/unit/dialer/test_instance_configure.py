"""The configuration of an instance: repeatable, private, and closed to injection."""

import configparser
import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from campaigns.trunk import Codec, Keys, Trunk
from dialer.instance.configure import EVENTS, Instance, configure
from dialer.instance.identity import Identity
from dialer.instance.locate import Installation
from dialer.process import local_instance
from operations.callback_line import directory_of
from operations.settings import load

MYSELF = Identity("me", os.geteuid(), os.getegid(), changes=False)
ASTERISK = Installation(
    Path("/usr/sbin/asterisk"), Path("/modules"), Path("/data"), None, (22, 10, 1)
)
LOOP = Trunk("loop", "127.0.0.1", 5070)
CARRIER = Trunk(
    "carrier", "sip.example.net", 5062, Codec.ULAW, username="me;too", password="a;b=c\\d"
)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "pbx", 5080, 5038, 10000, 10999, (LOOP,))


def written(instance: Instance, name: str) -> str:
    return (instance.etc / name).read_text()


def sections(instance: Instance, kind: str) -> dict[str, str]:
    """The settings of the section of this type in pjsip.conf."""
    for text in written(instance, "pjsip.conf").split("\n\n"):
        parser = configparser.RawConfigParser(comment_prefixes=(";",), strict=False)
        parser.read_string(text)
        for section in parser.sections():
            if parser[section]["type"] == kind:
                return dict(parser[section])
    return {}


def test_the_same_settings_write_nothing_twice(instance: Instance) -> None:
    assert {"asterisk.conf", "extensions.conf", "manager.conf", "pjsip.conf"} <= configure(
        instance, ASTERISK, MYSELF
    )
    secret = instance.ami_secret
    assert configure(instance, ASTERISK, MYSELF) == set()
    assert instance.ami_secret == secret
    assert len(secret) >= 32
    assert f"secret = {secret}\n" in written(instance, "manager.conf")


def test_only_what_changed_is_written(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    other = replace(instance, trunks=(LOOP, replace(LOOP, name="second")))
    assert configure(other, ASTERISK, MYSELF) == {"pjsip.conf"}


@pytest.mark.parametrize(
    ("trunks", "takes"),
    [
        ((LOOP,), True),
        ((replace(LOOP, keys=Keys.RFC4733),), False),
        ((replace(LOOP, keys=Keys.RFC4733), CARRIER), True),
    ],
)
def test_keys_by_info_are_taken_as_soon_as_one_trunk_needs_them(
    instance: Instance, trunks: tuple[Trunk, ...], takes: bool
) -> None:
    """And one press is then told from two by more time: INFO comes as a key goes down."""
    configure(replace(instance, trunks=trunks), ASTERISK, MYSELF)
    assert ("res_pjsip_dtmf_info.so" in written(instance, "modules.conf")) is takes
    assert f"PV_SAME_PRESS = {700 if takes else 200}\n" in written(instance, "globals.conf")


def test_a_trunk_whose_keys_are_taken_otherwise_changes_what_is_loaded(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    exact = replace(instance, trunks=(replace(LOOP, keys=Keys.RFC4733),))
    assert configure(exact, ASTERISK, MYSELF) == {"modules.conf", "globals.conf"}


def test_nobody_else_can_read_a_secret(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    for path in [instance.root, *instance.root.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO, path
    assert stat.S_IMODE((instance.root / "secrets.json").stat().st_mode) == 0o600


def test_everything_stays_below_one_directory(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    lines = [line for line in written(instance, "asterisk.conf").splitlines() if "=>" in line]
    outside = [line for line in lines if str(instance.root) not in line]
    assert outside == ["astmoddir => /modules", "astdatadir => /data"]


def test_a_callback_line_answers_on_the_pbx_of_every_node(tmp_path: Path) -> None:
    """It is installed once, below the home, whichever PBX the carrier sends the caller to."""
    settings = load(tmp_path / "home")
    main, other = (local_instance(settings, node) for node in ("main", "a"))
    assert main.root != other.root
    assert main.lines == other.lines == directory_of(settings)
    configure(other, ASTERISK, MYSELF)
    assert f"PV_LINES = {main.lines}\n" in written(other, "globals.conf")
    assert f"PV_LOG = {other.journal}\n" in written(other, "globals.conf")
    assert main.lines.is_dir()
    assert not stat.S_IMODE(main.root.stat().st_mode) & stat.S_IRWXO


def test_asterisk_finds_its_canary_whatever_loader_that_needs(
    instance: Instance, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    for part in ("lib64", "usr/lib/x86_64-linux-gnu", "usr/sbin"):
        (tree / part).mkdir(parents=True)
    loader = tree / "lib64/ld-linux-x86-64.so.2"
    loader.write_text('#!/bin/sh\necho "$@"\n')
    loader.chmod(0o755)
    configure(instance, replace(ASTERISK, program=tree / "usr/sbin/asterisk", tree=tree), MYSELF)
    assert f"astsbindir => {instance.programs}\n" in written(instance, "asterisk.conf")
    said = subprocess.check_output([instance.programs / "astcanary", "song", "17"], text=True)
    assert said.split()[-3:] == [str(tree / "usr/sbin/astcanary"), "song", "17"]


def test_sip_listens_on_loopback_while_every_trunk_is_there(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    assert sections(instance, "transport")["bind"] == "127.0.0.1:5080"
    open_one = replace(instance, trunks=(LOOP, CARRIER), sip_address="192.0.2.1")
    configure(open_one, ASTERISK, MYSELF)
    assert sections(open_one, "transport")["bind"] == "192.0.2.1:5080"
    assert "bindaddr = 127.0.0.1\n" in written(open_one, "manager.conf")


def test_a_trunk_offers_its_codec_alone(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    endpoint = sections(instance, "endpoint")
    assert (endpoint["disallow"], endpoint["allow"]) == ("all", "alaw")
    assert endpoint["context"] == "portevoix-incoming"
    assert sections(instance, "aor")["contact"] == "sip:127.0.0.1:5070"
    assert "qualify_frequency" not in sections(instance, "aor")
    assert sections(instance, "registration") == {}


def test_a_carrier_that_asks_for_a_login_gets_it(instance: Instance) -> None:
    configure(replace(instance, trunks=(CARRIER,)), ASTERISK, MYSELF)
    assert sections(instance, "registration")["server_uri"] == "sip:sip.example.net:5062"
    assert sections(instance, "endpoint")["outbound_auth"] == "carrier"
    assert sections(instance, "aor")["qualify_frequency"] == "60"
    # A semicolon would begin a comment: Asterisk reads `\;` as a plain one.
    assert sections(instance, "auth")["password"] == "a\\;b=c\\d"


def test_a_login_that_is_only_asked_for_is_not_registered(instance: Instance) -> None:
    known = replace(CARRIER, registration=False)
    configure(replace(instance, trunks=(known,)), ASTERISK, MYSELF)
    assert sections(instance, "registration") == {}
    assert sections(instance, "endpoint")["outbound_auth"] == "carrier"
    assert sections(instance, "auth")["password"] == "a\\;b=c\\d"


def test_a_login_is_written_as_part_of_an_address(instance: Instance) -> None:
    odd = replace(CARRIER, username="me@home <x>")
    configure(replace(instance, trunks=(odd,)), ASTERISK, MYSELF)
    client = sections(instance, "registration")["client_uri"]
    assert client == "sip:me%40home%20%3Cx%3E@sip.example.net:5062"
    assert sections(instance, "auth")["username"] == "me@home <x>"


def test_what_a_carrier_asks_for_is_written(instance: Instance) -> None:
    asked = replace(
        CARRIER, options_interval_s=15, rtp_timeout_s=30, from_user="33162000001",
        from_domain="sip.example.net",
    )  # fmt: skip
    configure(replace(instance, trunks=(asked,)), ASTERISK, MYSELF)
    endpoint = sections(instance, "endpoint")
    assert (endpoint["from_user"], endpoint["from_domain"]) == ("33162000001", "sip.example.net")
    assert (endpoint["rtp_timeout"], endpoint["send_pai"]) == ("30", "yes")
    assert sections(instance, "aor")["qualify_frequency"] == "15"


def test_what_a_carrier_does_not_want_is_left_out(instance: Instance) -> None:
    plain = replace(CARRIER, options_interval_s=0, pai=False)
    configure(replace(instance, trunks=(plain,)), ASTERISK, MYSELF)
    endpoint = sections(instance, "endpoint")
    assert "qualify_frequency" not in sections(instance, "aor")
    assert (endpoint["send_pai"], endpoint["trust_id_outbound"]) == ("no", "no")
    assert not endpoint.keys() & {"from_user", "from_domain"}


def test_the_tag_is_in_every_name_that_a_redirect_could_use(instance: Instance) -> None:
    tagged = replace(instance, endpoint_tag="k7w2q9")
    configure(tagged, ASTERISK, MYSELF)
    assert tagged.endpoint("loop") == "loop-k7w2q9"
    assert "[loop]" not in written(tagged, "pjsip.conf")
    assert sections(tagged, "identify")["endpoint"] == "loop-k7w2q9"


@pytest.mark.parametrize(
    "trunk",
    [
        replace(LOOP, host="127.0.0.1\n[evil]"),
        replace(LOOP, host="127.0.0.1;x"),
        replace(LOOP, host="a b"),
        replace(LOOP, host=""),
        replace(LOOP, port=0),
        replace(CARRIER, password="a\nb"),
        replace(CARRIER, username="a\rb"),
    ],
)
def test_a_trunk_cannot_smuggle_configuration(instance: Instance, trunk: Trunk) -> None:
    with pytest.raises(InvalidInput, match=trunk.name):
        configure(replace(instance, trunks=(trunk,)), ASTERISK, MYSELF)
    assert not instance.etc.exists()


@pytest.mark.parametrize("name", ["with space", "with,comma", "with;semicolon", "with${VAR}"])
def test_a_directory_that_the_dialplan_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="absolute path of letters"):
        configure(Instance(tmp_path / name, 1, 2, 3, 4), ASTERISK, MYSELF)


def test_an_older_asterisk_gets_filters_it_understands(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    assert "eventfilter(action(include),name(Hangup)) =\n" in written(instance, "manager.conf")
    configure(instance, replace(ASTERISK, version=(20, 6, 0)), MYSELF)
    old = written(instance, "manager.conf")
    assert "eventfilter(" not in old
    assert "eventfilter = ^Event: (OriginateResponse|Newchannel|" in old


def test_no_event_is_left_unmade_that_the_dialer_hears(instance: Instance) -> None:
    configure(instance, ASTERISK, MYSELF)
    lines = written(instance, "manager.conf").splitlines()
    (unmade,) = (line.partition(" = ")[2] for line in lines if line.startswith("disabledevents"))
    assert "Newexten" in unmade.split(",")
    assert not {*EVENTS, "CoreShowChannel", "CoreShowChannelsComplete"} & {*unmade.split(",")}


@pytest.mark.parametrize(
    ("version", "advanced"),
    [
        ((18, 24, 9), False),
        ((18, 25, 0), True),
        ((20, 6, 0), False),
        ((20, 11, 0), True),
        ((22, 0, 9), False),
        ((22, 1, 0), True),
        ((23, 0, 0), True),
    ],
)
def test_filters_by_name_are_used_where_the_version_has_them(
    version: tuple[int, int, int], advanced: bool
) -> None:
    assert replace(ASTERISK, version=version).advanced_filters is advanced


def test_a_directory_too_deep_for_the_control_socket_is_refused(instance: Instance) -> None:
    deep = replace(instance, root=instance.root / ("d" * 100))
    with pytest.raises(InvalidInput, match="too long for Asterisk's control socket"):
        configure(deep, ASTERISK, MYSELF)
