"""Asking an identity provider who somebody is: OpenID Connect Core 1.0, authorization code flow.

The browser is sent there and comes back with a code, which only this process can turn into an ID
token (PKCE, RFC 7636). What the token says is believed where its signature, issuer, audience, time
and nonce are right.
"""

import base64
import hashlib
import json
import secrets
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import jwt
import structlog

from campaigns.errors import PortevoixError
from operations.settings import OidcSettings, is_secure

TIMEOUT_S = 10.0
_MOST_BYTES = 1 << 20
_METADATA_LASTS_S = 3600.0
_SKEW_S = 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Asymmetric ones alone: with a shared secret anybody who has it could make tokens."""


log = structlog.get_logger()


class NotIdentified(PortevoixError):
    """The identity provider could not be asked, or what it says cannot be believed."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Visit:
    """What one browser takes along and has to bring back; nobody else knows it.

    Attributes:
        state: comes back in the address (RFC 6749, 10.12).
        nonce: comes back within the token (OpenID Connect Core, 3.1.2.1).
        verifier: turns the code into a token, once (RFC 7636).
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Visit":
        """One that nobody could guess."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @classmethod
    def read(cls, text: str) -> "Visit | None":
        """The visit of a browser's cookie; None where there is none."""
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def text(self) -> str:
        """As the browser keeps it."""
        return ".".join((self.state, self.nonce, self.verifier))


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as an identity provider knows them.

    Attributes:
        key: issuer and subject, which together are never given to somebody else (Core, 5.7).
        email: in small letters; empty where the provider does not vouch for it.
    """

    key: str
    email: str


class IdentityProvider:
    """One that people may sign in by.

    Args:
        settings: where it is, and what it knows us as.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._known: tuple[float, dict[str, Any]] | None = None
        self._keys: jwt.PyJWKClient | None = None

    @property
    def name(self) -> str:
        """What people call it; empty where none is set up."""
        host = urllib.parse.urlsplit(self._settings.issuer).hostname
        return self._settings.name or host or ""

    def address(self, visit: Visit, back: str) -> str:
        """Where the browser is sent.

        Args:
            visit: what it must bring back.
            back: where it comes back to, as registered at the provider.

        Raises:
            NotIdentified: the provider cannot be reached.
        """
        challenge = hashlib.sha256(visit.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": "openid email",
            "state": visit.state,
            "nonce": visit.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        where = self._endpoint("authorization_endpoint")
        return f"{where}{'&' if '?' in where else '?'}{urllib.parse.urlencode(asked)}"

    def identity(self, visit: Visit, code: str, back: str) -> Identity:
        """Who came back with a code.

        Raises:
            NotIdentified: nothing that can be believed says so.
        """
        answer = self._exchange(visit, code, back)
        claims = self._claims(str(answer.get("id_token", "")), visit)
        said = claims
        if not claims.keys() >= {"email", "email_verified"}:
            said = self._more(str(answer.get("access_token", "")), claims["sub"])
        return Identity(f"{self._settings.issuer} {claims['sub']}", _address(said))

    def _exchange(self, visit: Visit, code: str, back: str) -> dict[str, Any]:
        """The token response for a code (Core, 3.1.3)."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": visit.verifier,
        }
        headers = {}
        if self._settings.client_secret:
            headers["Authorization"] = self._basic()
        else:
            sent["client_id"] = self._settings.client_id
        form = urllib.parse.urlencode(sent).encode()
        return _fetch(self._endpoint("token_endpoint"), headers, form)

    def _basic(self) -> str:
        """The client's own password (RFC 6749, 2.3.1)."""
        pair = (self._settings.client_id, self._settings.client_secret)
        joined = ":".join(urllib.parse.quote(one, safe="") for one in pair)
        return f"Basic {base64.b64encode(joined.encode()).decode()}"

    def _claims(self, token: str, visit: Visit) -> dict[str, Any]:
        """What an ID token says (Core, 3.1.3.7)."""
        ours = self._settings.client_id
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._signing_keys().get_signing_key_from_jwt(token),
                algorithms=_ALGORITHMS,
                audience=ours,
                issuer=self._settings.issuer,
                leeway=_SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, OSError, ValueError, KeyError) as error:
            raise NotIdentified(f"What it said cannot be believed: {error}.") from error
        nonce = str(claims.get("nonce", ""))
        if not secrets.compare_digest(nonce.encode(), visit.nonce.encode()):
            raise NotIdentified("What it said was said to another browser.")
        if claims.get("azp", ours) != ours:
            raise NotIdentified("What it said was said to another program.")
        return claims

    def _more(self, access_token: str, subject: str) -> dict[str, Any]:
        """What the provider tells only whoever asks again (Core, 5.3); nothing where it does not.

        Whoever is known already needs no address.
        """
        try:
            where = self._endpoint("userinfo_endpoint")
            asked = _fetch(where, {"Authorization": f"Bearer {access_token}"})
        except NotIdentified as error:
            log.info("identity provider tells no address", why=str(error))
            return {}
        if asked.get("sub") != subject:
            raise NotIdentified("It told of somebody else.")
        return asked

    def _signing_keys(self) -> jwt.PyJWKClient:
        where = self._endpoint("jwks_uri")
        if self._keys is None or self._keys.uri != where:
            self._keys = jwt.PyJWKClient(where, timeout=TIMEOUT_S)
        return self._keys

    def _endpoint(self, name: str) -> str:
        where = str(self._metadata().get(name, ""))
        if not is_secure(where):
            raise NotIdentified(f"It names no secure {name}.")
        return where

    def _metadata(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0, 4)."""
        now = time.monotonic()
        if self._known is not None and now - self._known[0] < _METADATA_LASTS_S:
            return self._known[1]
        issuer = self._settings.issuer
        found = _fetch(issuer.rstrip("/") + "/.well-known/openid-configuration", {})
        if found.get("issuer") != issuer:
            raise NotIdentified(f"It calls itself {found.get('issuer')!r}, not {issuer!r}.")
        self._known = (now, found)
        return found


def _address(claims: Mapping[str, Any]) -> str:
    """The e-mail address that is vouched for, in small letters; empty where none is.

    Letters beyond ASCII are not taken: some of them become others when they are made small.
    """
    email = str(claims.get("email", "")).strip()
    vouched = claims.get("email_verified") is True and email.isascii()
    return email.lower() if vouched else ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is sent there is for nobody else."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _fetch(url: str, headers: Mapping[str, str], form: bytes | None = None) -> dict[str, Any]:
    asked = urllib.request.Request(url, form, {"Accept": "application/json", **headers})  # noqa: S310 - `is_secure` has judged it
    try:
        with _opener.open(asked, timeout=TIMEOUT_S) as answer:
            found = json.loads(answer.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError) as error:
        raise NotIdentified(f"It gave no answer that can be used: {error}.") from error
    if not isinstance(found, dict):
        raise NotIdentified("It gave no answer that can be used.")
    return found
