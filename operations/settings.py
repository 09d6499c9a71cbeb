"""Settings: one file, `portevoix.toml` in the home directory, and the environment over it.

`PORTEVOIX_DATABASE_URL` sets `database_url`, `PORTEVOIX_PBX__SECRET` sets `secret` under `[pbx]`,
and so on. Secrets may come from the environment alone, or from a file that it names:
`PORTEVOIX_PBX__SECRET_FILE` (`operations.secret_files`).
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from campaigns.campaign import LEAST_CPS, MOST_CHANNELS, MOST_CPS
from campaigns.errors import InvalidInput
from campaigns.tariff import Tariffs
from campaigns.trunk import (
    FIRST_RATE,
    OPTIONS_INTERVAL_S,
    RTP_TIMEOUT_S,
    Codec,
    Keys,
    NumberFormat,
    Trunk,
)
from operations.secret_files import read_files
from operations.tariff_values import TariffLines
from operations.values import first_fault
from store.engine import sqlite_url

FILE_NAME = "portevoix.toml"

EMBEDDED = "portevoix.db"
"""The database in the home directory, where the settings name none."""

MOST_SEATS = 16
"""Asterisks side by side on one machine, among which the RTP ports are divided."""

SHORTEST_CAP_S = 30
"""A cap on a call's life under which hardly a phone would ring and a message be heard."""


def is_secure(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: TLS, or this machine itself."""
    found = urlsplit(url)
    here = found.scheme == "http" and found.hostname in {"127.0.0.1", "::1", "localhost"}
    return bool(found.hostname) and (found.scheme == "https" or here)


class TrunkSettings(BaseModel):
    """One `[trunks.NAME]` of the file; see `campaigns.trunk.Trunk`."""

    model_config = ConfigDict(extra="forbid")

    host: str
    port: int = Field(default=5060, ge=1, le=65535)
    codec: Codec = Codec.ALAW
    number_format: NumberFormat = NumberFormat.E164_PLUS
    caller_ids: list[str] = []
    max_channels: int = Field(default=30, ge=1, le=MOST_CHANNELS)
    max_cps: float = Field(default=FIRST_RATE, ge=LEAST_CPS, le=MOST_CPS)
    username: str = ""
    password: str = Field(default="", repr=False)
    registration: bool = True
    priority: int = Field(default=1, ge=1, le=100)
    weight: float = Field(default=1.0, gt=0, le=1000)
    options_interval_s: int = Field(default=OPTIONS_INTERVAL_S, ge=0, le=3600)
    rtp_timeout_s: int = Field(default=RTP_TIMEOUT_S, ge=5, le=3600)
    max_call_s: int | None = Field(default=None, ge=SHORTEST_CAP_S, le=14400)
    keys: Keys = Keys.ANY
    pai: bool = True
    from_user: str = ""
    from_domain: str = ""
    tariffs: TariffLines = []


class PbxSettings(BaseModel):
    """`[pbx]`: `local` starts and supervises an Asterisk, `remote` uses one somebody else runs.

    Attributes:
        directory: where a remote PBX keeps audio and journal, as seen from here.
        directory_there: the same directory as the PBX sees it.
        sip_bind: local address for SIP and RTP to a carrier.
        sip_port, rtp_start, rtp_end: UDP ports, as a firewall must know them; 0 lets us choose.
        endpoint_suffix: what its PJSIP endpoints' names have behind the trunk's.
        max_channels: concurrent calls that it carries, where several share the work: each has its
            share by it. 0 for as many as the whole system.
        seats: how many Asterisks `portevoix pbx run` runs side by side, each for one dialer.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Literal["local", "remote"] = "local"
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    username: str = "portevoix"
    secret: str = Field(default="", repr=False)
    tls: bool = False
    directory: Path | None = None
    directory_there: Path | None = None
    endpoint_suffix: str = ""
    max_channels: int = Field(default=0, ge=0, le=MOST_CHANNELS)
    seats: int = Field(default=1, ge=1, le=MOST_SEATS)
    sip_bind: str = "0.0.0.0"  # noqa: S104 - loopback alone while every trunk is there
    sip_port: int = Field(default=0, ge=0, le=65535)
    rtp_start: int = Field(default=0, ge=0, le=65000)
    rtp_end: int = Field(default=0, ge=0, le=65535)


class SystemLimits(BaseModel):
    """`[limits]`: over all trunks and campaigns."""

    model_config = ConfigDict(extra="forbid")

    max_channels: int = Field(default=1000, ge=1, le=MOST_CHANNELS)
    max_cps: float = Field(default=200, ge=LEAST_CPS, le=MOST_CPS)


class RetentionSettings(BaseModel):
    """`[retention]`: for how many days after a campaign's end its people are kept."""

    model_config = ConfigDict(extra="forbid")

    campaign_days: int = Field(default=1095, ge=1, le=36_500)


class PrivacySettings(BaseModel):
    """`[privacy]`: what people who ask about their number are told.

    Attributes:
        contacts: how to reach each controller, by its name: a postal or e-mail address.
    """

    model_config = ConfigDict(extra="forbid")

    contacts: dict[str, str] = {}


class ApiSettings(BaseModel):
    """`[api]`: where the API and the page listen, and how much a key may ask.

    Attributes:
        requests_per_minute: of one key; 0 for no limit.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    requests_per_minute: int = Field(default=20_000, ge=0, le=1_000_000)


class OidcSettings(BaseModel):
    """`[oidc]`: an identity provider by which people sign in (OpenID Connect Core 1.0).

    Attributes:
        issuer: its address, as it names itself; nobody signs in by one where it is empty.
        client_id: as which Porte-voix is registered there.
        client_secret: of that; empty for a client that has none (PKCE is used either way).
        name: what people call it.
    """

    model_config = ConfigDict(extra="forbid")

    issuer: str = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    name: str = Field(default="", max_length=80)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("an issuer needs a client_id")
        if self.issuer and not is_secure(self.issuer):
            raise ValueError("the issuer must begin with https://")
        return self


class WebhookSettings(BaseModel):
    """`[webhooks]`: where other programs may be told of events.

    Attributes:
        allow_loopback: on this machine too, also without TLS.
    """

    model_config = ConfigDict(extra="forbid")

    allow_loopback: bool = False


REHEARSAL = "rehearsal"
"""Name of the trunk that leads to the simulated telephone network."""


class RehearsalSettings(BaseModel):
    """`[rehearsal]`: the simulated telephone network, far side of the trunk of that name.

    Attributes:
        sip_port: UDP port on loopback.
        codec: the one that is offered, as of any trunk.
        keys: by which ways its phones' keys are taken; None for as on the other trunks.
        profile: shipped population of callees, or the path of one's own.
        seed: who is who, the same in every run.
        tariffs: what its calls are reckoned to cost; nothing where there is none.
    """

    model_config = ConfigDict(extra="forbid")

    sip_port: int = Field(default=5090, ge=1024, le=65535)
    codec: Codec = Codec.ALAW
    keys: Keys | None = None
    profile: str = "demo"
    seed: int = 1
    max_channels: int = Field(default=200, ge=1, le=MOST_CHANNELS)
    max_cps: float = Field(default=50, ge=LEAST_CPS, le=MOST_CPS)
    tariffs: TariffLines = []

    def trunk(self, keys: Keys) -> TrunkSettings:
        """The trunk that leads there, on which keys are taken so where nothing else is set."""
        return TrunkSettings(
            host="127.0.0.1",
            port=self.sip_port,
            codec=self.codec,
            keys=self.keys or keys,
            max_channels=self.max_channels,
            max_cps=self.max_cps,
            tariffs=self.tariffs,
        )


class Settings(BaseSettings):
    """Everything that is set and not learned."""

    model_config = SettingsConfigDict(
        env_prefix="PORTEVOIX_", env_nested_delimiter="__", extra="forbid"
    )

    home: Path
    database_url: str = ""
    controller: str = "Porte-voix"
    suppression_key: str = Field(default="", pattern=r"^([0-9a-fA-F]{64})?$", repr=False)
    privacy: PrivacySettings = PrivacySettings()
    pbx: PbxSettings = PbxSettings()
    api: ApiSettings = ApiSettings()
    oidc: OidcSettings = OidcSettings()
    webhooks: WebhookSettings = WebhookSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: SystemLimits = SystemLimits()
    rehearsal: RehearsalSettings = RehearsalSettings()
    trunks: dict[str, TrunkSettings] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file of the home directory."""
        del dotenv_settings, file_secret_settings
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = read_files(env_settings.env_vars)
        home = getattr(init_settings, "init_kwargs", {}).get("home") or default_home()
        toml = TomlConfigSettingsSource(settings_cls, Path(home) / FILE_NAME)
        return init_settings, env_settings, toml

    @property
    def url(self) -> str:
        """The database's URL; an SQLite file in the home directory where none is set."""
        return self.database_url or sqlite_url(self.home / EMBEDDED)

    @property
    def audio_directory(self) -> Path:
        """Where recordings and prepared messages lie: where the PBX can read them."""
        if self.pbx.mode == "remote" and self.pbx.directory is not None:
            return self.pbx.directory / "audio"
        return self.home / "audio"

    @property
    def wideband(self) -> bool:
        """Whether any trunk has G.722."""
        codecs = {self.rehearsal.codec, *(one.codec for one in self.trunks.values())}
        return Codec.G722 in codecs

    @property
    def rules_directory(self) -> Path:
        """Where newer versions of rule packs are installed."""
        return self.home / "rules"

    def all_trunks(self) -> list[Trunk]:
        """The trunks as the domain knows them, the one to the simulated network included.

        Raises:
            InvalidInput: one of them makes no sense.
        """
        exact = bool(self.trunks) and all(one.keys is Keys.RFC4733 for one in self.trunks.values())
        rehearsal = self.rehearsal.trunk(Keys.RFC4733 if exact else Keys.ANY)
        return [
            Trunk(name=name, **{**one.model_dump(), **_as_trunk(one)})
            for name, one in {REHEARSAL: rehearsal, **self.trunks}.items()
        ]


def _as_trunk(one: TrunkSettings) -> dict[str, Any]:
    """What the domain keeps in another form."""
    tariffs = Tariffs(line.tariff() for line in one.tariffs)
    return {"caller_ids": tuple(one.caller_ids), "tariffs": tariffs}


def default_home() -> Path:
    """`PORTEVOIX_HOME`, else a directory of the user's own.

    Root's is not under its own home, which the unprivileged user of the PBX may not enter.
    """
    given = os.environ.get("PORTEVOIX_HOME")
    if given:
        return Path(given).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/portevoix")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "portevoix"


def load(home: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        InvalidInput: names the first setting that is wrong, and why.
    """
    chosen = (home or default_home()).resolve()
    try:
        return Settings(home=chosen)
    except ValidationError as error:
        first = first_fault(error)
        raise InvalidInput(first.field, first.why, f"See {chosen / FILE_NAME}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(chosen / FILE_NAME), f"is not readable TOML: {error}.") from error
