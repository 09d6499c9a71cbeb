"""A small OpenID Connect provider on loopback, which says of a visitor what a test wants."""

import base64
import hashlib
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "portevoix", "s3cret: with / signs"
CODE = "a-code"


@dataclass
class Provider:
    """What it answers.

    Attributes:
        claims: of the ID token, over those that are right.
        userinfo: what it tells besides, of whoever asks with the access token.
        metadata: what it says of itself, over what is right.
        key: what it signs with; `published` what it says it signs with.
        lent: the challenge and nonce of the visit it knows, and where it leads back to.
        keys: what it publishes in their place.
        asked: bodies of the requests for tokens, with their Authorization.
    """

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    published: rsa.RSAPrivateKey | None = None
    keys: object = None
    lent: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def visited(self, address: str) -> str:
        """Take in where the browser was sent; the state it must bring back."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        self.lent = asked
        return asked["state"]

    def token(self) -> str:
        """The ID token of the visit that it knows."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "7f3a", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": self.lent.get("nonce", ""), "email": "zoe@example.org",
            "email_verified": True, **self.claims,
        }  # fmt: skip
        known = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(known, self.key, "RS256", {"kid": "one"})

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Status and body of one request."""
        if path == "/.well-known/openid-configuration":
            return 200, self._about_itself()
        if path in {"/keys", "/other-keys"}:
            if self.keys is not None:
                return 200, {"keys": self.keys}
            public = (self.published or self.key).public_key()
            jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
            return 200, {"keys": [{**jwk, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return (200, self.userinfo) if authorization == "Bearer opaque" else (401, {})
        self.asked.append((form, authorization))
        return self._exchanged(form)

    def _about_itself(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }

    def _exchanged(self, form: dict[str, str]) -> tuple[int, Any]:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        right = (
            form.get("code") == CODE
            and proof == self.lent.get("code_challenge")
            and form.get("redirect_uri") == self.lent.get("redirect_uri")
        )
        if not right:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token()}


@contextmanager
def provided() -> Iterator[Provider]:
    """One that listens."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._say(dict(urllib.parse.parse_qsl(self.rfile.read(length).decode())))

        def _say(self, form: dict[str, str]) -> None:
            status, found = provider.answer(
                self.path, form, self.headers.get("Authorization", "")
            )  # fmt: skip
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
