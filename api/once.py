"""A request sent twice with the same `Idempotency-Key` is done once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import IO, Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from api.caller import Asking, Caller, In
from api.problems import Refusal
from operations.workspace import Workspace
from store import idempotency
from store.engine import writing

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=255,
        description="A word of your own for this request: sent again within a day, it is answered "
        "as before and done no second time.",
    ),
]  # fmt: skip


class Once:
    """What a creating request does, done once for its key."""

    def __init__(self, workspace: Workspace, caller: Caller, key: str | None, path: str) -> None:
        self._workspace = workspace
        self._caller = caller
        self._key = key
        self._path = path

    def __call__(
        self,
        asked: Any,
        do: Callable[[], Any],
        status: int = 201,
        location: str = "",
        secrets: Sequence[str] = (),
    ) -> JSONResponse:
        """Answer with what `do` returns, or with what it returned before.

        Args:
            asked: everything the request said, as plain values; uploads by their hash.
            do: the act; its result is sent as JSON.
            status: of a first answer and of the same one repeated.
            location: of what was made, `{id}` being the answer's.
            secrets: members of the answer that are shown once and never kept.

        Raises:
            Refusal: the key stands for another request, or for one still being answered.
        """
        if self._key is None:
            return _respond(jsonable_encoder(do()), status, location)
        kept = self._begin(self._key, _fingerprint([self._path, asked]))
        if kept is not None:
            return _respond(kept.answer, kept.status or status, location, repeated=True)
        try:
            body = jsonable_encoder(do())
        except BaseException:
            self._write(idempotency.forget, self._key)
            raise
        kept_body = {**body, **dict.fromkeys(secrets)} if secrets else body
        self._write(idempotency.keep, self._key, status, kept_body)
        return _respond(body, status, location)

    def _begin(self, key: str, fingerprint: str) -> idempotency.Kept | None:
        with writing(self._workspace.engine) as connection:
            kept = idempotency.begin(
                connection, self._caller.controller_id, key, fingerprint, datetime.now(UTC)
            )
        if kept is not None and kept.fingerprint != fingerprint:
            raise Refusal("idempotency_key_reused",
                "The key came with another request before. Use a new key.")  # fmt: skip
        if kept is not None and kept.status is None:
            raise Refusal("still_running", "Wait for its answer, then ask again.")
        return kept

    def _write(self, what: Callable[..., None], *values: Any) -> None:
        with writing(self._workspace.engine) as connection:
            what(connection, self._caller.controller_id, *values)


def _respond(body: Any, status: int, location: str, *, repeated: bool = False) -> JSONResponse:
    headers = {"Location": location.format(**body)} if location else {}
    if repeated:
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(body, status, headers)


def sha256_of(file: IO[bytes]) -> str:
    """SHA-256 of an upload, which is left at its beginning."""
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _fingerprint(asked: Any) -> str:
    text = json.dumps(jsonable_encoder(asked), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _once(request: Request, workspace: In, caller: Asking, key: _Key = None) -> Once:
    return Once(workspace, caller, key, request.url.path)


DoneOnce = Annotated[Once, Depends(_once)]
