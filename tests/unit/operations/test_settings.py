"""Settings: the file, the environment over it, and faults told by name."""

import os
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from campaigns.trunk import Codec, Keys, NumberFormat
from operations.settings import FILE_NAME, Settings, default_home, load


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PORTEVOIX_"):
            monkeypatch.delenv(name)


def written(home: Path, text: str) -> Settings:
    (home / FILE_NAME).write_text(text)
    return load(home)


def test_nothing_need_be_set(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.url == f"sqlite+pysqlite:///{tmp_path}/portevoix.db"
    assert found.audio_directory == tmp_path / "audio"
    assert [trunk.name for trunk in found.all_trunks()] == ["rehearsal"]
    assert found.all_trunks()[0].host == "127.0.0.1"


def test_the_file(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        """
        database_url = "postgresql+psycopg://u@h/d"
        [limits]
        max_cps = 12.5
        [trunks.carrier]
        host = "sip.example"
        codec = "ulaw"
        number_format = "national_fr"
        caller_ids = ["+33162000000"]
        """,
    )
    assert found.url == "postgresql+psycopg://u@h/d"
    assert found.limits.max_cps == 12.5
    trunk = found.all_trunks()[1]
    assert (trunk.name, trunk.codec) == ("carrier", Codec.ULAW)
    assert trunk.number_format is NumberFormat.NATIONAL_FR
    assert (trunk.caller_ids, trunk.max_cps) == (("+33162000000",), 1.0)


def test_a_secret_may_be_in_a_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As containers and systemd have them."""
    texts = {
        "DATABASE_URL": "postgresql+psycopg://u:geheim@h/d",
        "PBX__SECRET": "of the account",
        "TRUNKS__CARRIER__PASSWORD": "with a space ",
        "SUPPRESSION_KEY": "ab" * 32,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(f"{text}\n")
        monkeypatch.setenv(f"PORTEVOIX_{name}_FILE", str(tmp_path / name))
    found = written(
        tmp_path, 'database_url = "sqlite:///x"\n[trunks.carrier]\nhost = "sip.example"\n'
    )
    assert found.url == texts["DATABASE_URL"]
    assert found.pbx.secret == texts["PBX__SECRET"]
    assert found.suppression_key == texts["SUPPRESSION_KEY"]
    trunk = found.trunks["carrier"]
    assert (trunk.host, trunk.password) == ("sip.example", texts["TRUNKS__CARRIER__PASSWORD"])


def test_a_secret_in_a_file_that_is_not_there_or_said_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_PBX__SECRET_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidInput, match=r"PORTEVOIX_PBX__SECRET_FILE: .*cannot be read"):
        load(tmp_path)
    (tmp_path / "nowhere").write_text("here")
    monkeypatch.setenv("PORTEVOIX_PBX__SECRET", "and here")
    with pytest.raises(InvalidInput, match="PORTEVOIX_PBX__SECRET is set too"):
        load(tmp_path)


@pytest.mark.parametrize(("codec", "wideband"), [("alaw", False), ("g722", True)])
def test_messages_are_wideband_as_soon_as_a_trunk_is(
    tmp_path: Path, codec: str, wideband: bool
) -> None:
    carrier = f'[trunks.carrier]\nhost = "sip.example"\ncodec = "{codec}"\n'
    assert written(tmp_path, carrier).wideband is wideband
    assert written(tmp_path, f'[rehearsal]\ncodec = "{codec}"\n').wideband is wideband


@pytest.mark.parametrize(
    ("carrier", "rehearsal", "keys"),
    [
        ("", "", Keys.ANY),
        ('keys = "rfc4733"', "", Keys.RFC4733),
        ('keys = "rfc4733"', 'keys = "any"', Keys.ANY),
        ("", 'keys = "rfc4733"', Keys.RFC4733),
    ],
)
def test_keys_are_rehearsed_as_they_are_taken(
    tmp_path: Path, carrier: str, rehearsal: str, keys: Keys
) -> None:
    text = f'[rehearsal]\n{rehearsal}\n[trunks.carrier]\nhost = "sip.example"\n{carrier}\n'
    assert written(tmp_path, text).all_trunks()[0].keys is keys


def test_the_environment_wins_and_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_PBX__SECRET", "from-environment")
    monkeypatch.setenv("PORTEVOIX_DATABASE_URL", "postgresql+psycopg://e@h/d")
    found = written(
        tmp_path,
        'database_url = "sqlite://"\n[pbx]\nmode = "remote"\nsecret = "from-file"\nport = 5038\n',
    )
    assert found.pbx.secret == "from-environment"
    assert (found.pbx.mode, found.pbx.port) == ("remote", 5038)
    assert found.url == "postgresql+psycopg://e@h/d"


def test_one_value_of_one_trunk_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_TRUNKS__carrier__PASSWORD", "s3cret")
    found = written(tmp_path, '[trunks.carrier]\nhost = "sip.example"\nusername = "u"\n')
    trunk = found.trunks["carrier"]
    assert (trunk.host, trunk.username, trunk.password) == ("sip.example", "u", "s3cret")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    found = written(
        tmp_path, '[pbx]\nsecret = "s3cret"\n[trunks.c]\nhost = "h"\npassword = "p4ss"\n'
    )
    assert "s3cret" not in repr(found)
    assert "p4ss" not in repr(found)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('databse_url = "x"', "databse_url"),
        ("[pbx]\nsecrt = 'x'", "pbx.secrt"),
        ("[trunks.carrier]\nhost = 'h'\nmax_chanels = 3", "trunks.carrier.max_chanels"),
        ("[trunks.carrier]\nport = 5060", "trunks.carrier.host"),
        ("[trunks.carrier]\nhost = 'h'\nport = 70000", "trunks.carrier.port"),
        ("[trunks.carrier]\nhost = 'h'\nmax_cps = 0", "trunks.carrier.max_cps"),
        ("[trunks.carrier]\nhost = 'h'\nmax_cps = 5000", "trunks.carrier.max_cps"),
        ("[trunks.carrier]\nhost = 'h'\nweight = 0", "trunks.carrier.weight"),
        ("[trunks.carrier]\nhost = 'h'\npriority = 0", "trunks.carrier.priority"),
        ("[trunks.carrier]\nhost = 'h'\nrtp_timeout_s = 1", "trunks.carrier.rtp_timeout_s"),
        ("[trunks.carrier]\nhost = 'h'\nmax_call_s = 5", "trunks.carrier.max_call_s"),
        ("[trunks.carrier]\nhost = 'h'\nregistration = 3", "trunks.carrier.registration"),
        ("[limits]\nmax_channels = 0", "limits.max_channels"),
        ("[limits]\nmax_cps = 5000", "limits.max_cps"),
        ("[rehearsal]\nmax_cps = 5000", "rehearsal.max_cps"),
        ("[pbx]\nmode = 'elsewhere'", "pbx.mode"),
        ("[api]\nport = 'http'", "api.port"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        written(tmp_path, text)
    assert caught.value.field == named
    assert FILE_NAME in caught.value.remedy


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_LIMITS__MAX_CPS", "fast")
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path)
    assert caught.value.field == "limits.max_cps"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match=r"portevoix\.toml: is not readable TOML"):
        load(tmp_path)


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"portevoix\.toml: is not readable TOML"):
        written(tmp_path, "[pbx\n")


def test_a_trunk_whose_name_could_mean_more(tmp_path: Path) -> None:
    found = written(tmp_path, "[trunks.'a,b']\nhost = 'h'")
    with pytest.raises(InvalidInput, match="not usable"):
        found.all_trunks()


def test_the_trunk_of_the_rehearsal_can_be_set_like_any_other(tmp_path: Path) -> None:
    found = written(tmp_path, "[rehearsal]\nsip_port = 5099\nmax_cps = 7")
    (trunk,) = found.all_trunks()
    assert (trunk.port, trunk.max_cps) == (5099, 7)


def test_audio_lies_where_a_remote_pbx_reads_it(tmp_path: Path) -> None:
    found = written(tmp_path, "[pbx]\nmode = 'remote'\ndirectory = '/shared'")
    assert found.audio_directory == Path("/shared/audio")


def test_where_home_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTEVOIX_HOME", str(tmp_path))
    assert default_home() == tmp_path
    assert load().home == tmp_path
    monkeypatch.delenv("PORTEVOIX_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_home() == Path("/data/portevoix")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home() == Path("/var/lib/portevoix")
