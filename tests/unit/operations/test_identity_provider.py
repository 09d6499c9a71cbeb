"""What an identity provider says is believed only where all of it is right."""

import base64
import urllib.parse
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_provider import CLIENT, CODE, SECRET, Provider, provided
from pydantic import ValidationError

from operations.identity_provider import Identity, IdentityProvider, NotIdentified, Visit
from operations.settings import OidcSettings

BACK = "https://calls.example.org/login/oidc/back"


@pytest.fixture
def far() -> Iterator[Provider]:
    with provided() as made:
        yield made


def known(far: Provider, **changes: Any) -> IdentityProvider:
    values = {"issuer": far.issuer, "client_id": CLIENT, "client_secret": SECRET}
    return IdentityProvider(OidcSettings(**{**values, **changes}))


def came_back(far: Provider, code: str = CODE, **changes: Any) -> Identity:
    """There and back."""
    near, visit = known(far, **changes), Visit.new()
    assert far.visited(near.address(visit, BACK)) == visit.state
    return near.identity(visit, code, BACK)


def test_who_comes_back_is_known_by_issuer_and_subject(far: Provider) -> None:
    assert came_back(far) == Identity(f"{far.issuer} 7f3a", "zoe@example.org")


def test_the_browser_is_sent_there_with_what_it_must_bring_back(far: Provider) -> None:
    visit = Visit.new()
    where = urllib.parse.urlsplit(known(far).address(visit, BACK))
    asked = dict(urllib.parse.parse_qsl(where.query))
    assert where.path == "/authorize"
    assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (BACK, "S256")
    assert {asked["state"], asked["nonce"]} == {visit.state, visit.nonce}
    assert visit.verifier not in where.query, "the verifier stays here"
    assert Visit.read(visit.text) == visit


def test_the_client_proves_itself_with_its_secret(far: Provider) -> None:
    came_back(far)
    form, authorization = far.asked[0]
    pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    assert [urllib.parse.unquote(one) for one in pair.split(":")] == [CLIENT, SECRET]
    assert SECRET not in str(form)


def test_a_client_without_a_secret_says_its_name(far: Provider) -> None:
    came_back(far, client_secret="")
    form, authorization = far.asked[0]
    assert (form["client_id"], authorization) == (CLIENT, "")


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_the_provider_does_not_vouch_for_is_none(
    far: Provider, verified: object
) -> None:
    far.claims["email_verified"] = verified
    far.userinfo = {"sub": "7f3a", "email": "zoe@example.org"}
    assert came_back(far).email == ""


def test_the_address_is_asked_for_where_the_token_has_none(far: Provider) -> None:
    far.claims |= {"email": None, "email_verified": None}
    far.userinfo = {"sub": "7f3a", "email": " Zoe@Example.org", "email_verified": True}
    assert came_back(far).email == "zoe@example.org"
    far.userinfo["sub"] = "other"
    with pytest.raises(NotIdentified, match="somebody else"):
        came_back(far)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://id.example.org"}, {"aud": "other"}, {"aud": None}, {"sub": None},
        {"exp": 1_700_000_000}, {"exp": None}, {"iat": 4_000_000_000},
        {"nonce": "other"}, {"nonce": None}, {"azp": "other"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_wrong_in_one_thing_is_not_believed(
    far: Provider, claims: dict[str, Any]
) -> None:
    far.claims |= claims
    with pytest.raises(NotIdentified):
        came_back(far)


def test_a_token_signed_by_somebody_else_is_not_believed(far: Provider) -> None:
    far.published = rsa.generate_private_key(65537, 2048)
    with pytest.raises(NotIdentified):
        came_back(far)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_that_anybody_could_have_made_is_not_believed(
    far: Provider, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret key among those that are published makes no token good."""
    secret = SECRET.ljust(32).encode()

    def forged() -> str:
        claims = jwt.decode(right(), options={"verify_signature": False})
        key = secret if algorithm == "HS256" else None
        return jwt.encode(claims, key, algorithm, {"kid": "one"})

    right = far.token
    shared = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    far.keys = [{"kty": "oct", "k": shared, "kid": "one", "alg": "HS256", "use": "sig"}]
    monkeypatch.setattr(far, "token", forged)
    with pytest.raises(NotIdentified):
        came_back(far)


@pytest.mark.parametrize("keys", [[], [{"kty": "oct", "kid": "one"}], "no list", [{"kid": "one"}]])
def test_keys_that_are_none_make_no_token_good(far: Provider, keys: object) -> None:
    far.keys = keys
    with pytest.raises(NotIdentified):
        came_back(far)


def test_another_place_for_keys_is_looked_at(far: Provider) -> None:
    near = known(far)
    for path in ("/keys", "/other-keys"):
        far.metadata = {"jwks_uri": f"{far.issuer}{path}"}
        near._known = None  # as after an hour
        visit = Visit.new()
        far.visited(near.address(visit, BACK))
        assert near.identity(visit, CODE, BACK).email


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "\N{KELVIN SIGN}arl@example.org"}, ""),
        ({"email": "Zoe@Example.org"}, "zoe@example.org"),
        ({"email_verified": None}, "told@example.org"),
    ],
)
def test_an_address_is_taken_as_a_whole_from_one_place(
    far: Provider, claims: dict[str, Any], email: str
) -> None:
    far.userinfo = {"sub": "7f3a", "email": "told@example.org", "email_verified": True}
    far.claims |= claims
    assert came_back(far).email == email


def test_whoever_is_known_needs_no_address(far: Provider) -> None:
    far.claims |= {"email": None, "email_verified": None}
    far.metadata = {"userinfo_endpoint": None}
    assert came_back(far) == Identity(f"{far.issuer} 7f3a", "")


def test_a_code_that_is_none_tells_nobody(far: Provider) -> None:
    with pytest.raises(NotIdentified):
        came_back(far, code="other")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example.org"},
        {"token_endpoint": "http://id.example.org/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_a_provider_that_would_send_secrets_astray_is_not_asked(
    far: Provider, metadata: dict[str, Any]
) -> None:
    far.metadata = metadata
    with pytest.raises(NotIdentified):
        came_back(far)


def test_one_that_does_not_answer_tells_nobody() -> None:
    near = IdentityProvider(OidcSettings(issuer="http://127.0.0.1:9", client_id=CLIENT))
    with pytest.raises(NotIdentified):
        near.address(Visit.new(), BACK)


@pytest.mark.parametrize("text", ["", "a", "a.b", "a..c", "a.b.c.d"])
def test_a_cookie_that_is_none_is_no_visit(text: str) -> None:
    assert Visit.read(text) is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"issuer": "https://id.example.org"}, "client_id"),
        ({"issuer": "http://id.example.org", "client_id": CLIENT}, "https"),
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OidcSettings(**values)


def test_it_is_called_by_its_name_or_its_host() -> None:
    values = {"issuer": "https://id.example.org/firm", "client_id": CLIENT}
    assert IdentityProvider(OidcSettings(**values)).name == "id.example.org"
    assert IdentityProvider(OidcSettings(**values, name="Example")).name == "Example"
