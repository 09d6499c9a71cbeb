"""What of an API's schema changed so that a program written for it would fail.

Requests may ask for less and take more, answers may tell more: anything else breaks somebody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Plain = Mapping[str, Any]
_METHODS = ("get", "put", "post", "delete", "patch")
_DEEPEST = 12


@dataclass(frozen=True)
class Side:
    """One of the two schemas."""

    whole: Plain

    def at(self, node: Any) -> Plain:
        """A node with its reference followed."""
        found = node or {}
        while "$ref" in found:
            name = found["$ref"].rpartition("/")[2]
            found = self.whole["components"]["schemas"][name]
        return found  # type: ignore[no-any-return]


def broken(old: Plain, new: Plain) -> list[str]:
    """Every change that breaks a program, in words."""
    return list(_Comparison(Side(old), Side(new)).all())


class _Comparison:
    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new

    def all(self) -> Iterator[str]:
        for path, methods in self._old.whole["paths"].items():
            now = self._new.whole["paths"].get(path, {})
            for method in _METHODS:
                if method in methods:
                    where = f"{method.upper()} {path}"
                    if method not in now:
                        yield f"{where} is gone"
                    else:
                        yield from self._operation(where, methods[method], now[method])

    def _operation(self, where: str, old: Plain, new: Plain) -> Iterator[str]:
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            now = new["responses"].get(status)
            if now is None:
                yield f"{where}: {status} is answered no more"
                continue
            for media, content in answer.get("content", {}).items():
                after = now.get("content", {}).get(media)
                if after is None:
                    yield f"{where}: {media} is answered no more"
                else:
                    yield from self._answered(
                        f"{where} -> {status}", content.get("schema"), after.get("schema"), 0
                    )

    def _parameters(self, where: str, old: Plain, new: Plain) -> Iterator[str]:
        before = {(one["in"], one["name"]): one for one in old.get("parameters", ())}
        after = {(one["in"], one["name"]): one for one in new.get("parameters", ())}
        for key, one in before.items():
            if key not in after:
                yield f"{where}: parameter {key[1]} is gone"
            else:
                yield from self._asked(f"{where} ?{key[1]}", one["schema"], after[key]["schema"], 0)
        for key, one in after.items():
            demanded = one.get("required") and not before.get(key, {}).get("required")
            if demanded:
                yield f"{where}: parameter {key[1]} is required now"

    def _body(self, where: str, old: Plain | None, new: Plain | None) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield f"{where}: a body is required now"
        for media, content in (old or {}).get("content", {}).items():
            after = (new or {}).get("content", {}).get(media)
            if after is None:
                yield f"{where}: {media} is taken no more"
            else:
                yield from self._asked(f"{where} body", content["schema"], after["schema"], 0)

    def _asked(self, where: str, old: Any, new: Any, depth: int) -> Iterator[str]:
        """What programs send: everything that was taken must still be."""
        before, after = self._old.at(old), self._new.at(new)
        if depth > _DEEPEST:
            return
        lost = _types(self._old, before) - _types(self._new, after)
        if "enum" in after:
            lost |= _values(before) - _values(after)
        if lost:
            yield f"{where}: {', '.join(sorted(lost))} is taken no more"
        yield from _tightened(where, before, after)
        for name in set(after.get("required", ())) - set(before.get("required", ())):
            yield f"{where}.{name} is required now"
        for name in _gone(before, after):
            if after.get("additionalProperties") is False:
                yield f"{where}.{name} is taken no more"
        yield from self._within(where, before, after, depth, self._asked)

    def _answered(self, where: str, old: Any, new: Any, depth: int) -> Iterator[str]:
        """What programs read: everything that was told must still be."""
        before, after = self._old.at(old), self._new.at(new)
        if depth > _DEEPEST:
            return
        if more := _types(self._new, after) - _types(self._old, before):
            yield f"{where}: may be {', '.join(sorted(more))} now"
        gone = _gone(before, after)
        yield from (f"{where}.{name} is gone" for name in gone)
        for name in set(before.get("required", ())) - set(after.get("required", ())) - set(gone):
            yield f"{where}.{name} may be missing now"
        yield from self._within(where, before, after, depth, self._answered)

    def _within(
        self, where: str, before: Plain, after: Plain, depth: int, compare: Any
    ) -> Iterator[str]:
        """What is in both of them, each with its own."""
        properties = after.get("properties", {})
        for name, one in before.get("properties", {}).items():
            if name in properties:
                yield from compare(f"{where}.{name}", one, properties[name], depth + 1)
        for each in ("items", "additionalProperties"):
            if isinstance(before.get(each), dict) and isinstance(after.get(each), dict):
                yield from compare(f"{where}[]", before[each], after[each], depth + 1)
        yield from self._alternatives(where, before, after, depth, compare)

    def _alternatives(
        self, where: str, before: Plain, after: Plain, depth: int, compare: Any
    ) -> Iterator[str]:
        """Of `anyOf` those of one type are compared: a value, or null."""
        now = {kind: one for one in after.get("anyOf", ()) for kind in _types(self._new, one)}
        for one in before.get("anyOf", ()):
            for kind in _types(self._old, one):
                if kind in now and kind != "null":
                    yield from compare(where, one, now[kind], depth + 1)


def _types(side: Side, node: Plain) -> set[str]:
    found = side.at(node)
    if "anyOf" in found:
        return {kind for one in found["anyOf"] for kind in _types(side, one)}
    if "const" in found:
        return {"string"} if isinstance(found["const"], str) else {type(found["const"]).__name__}
    kind = found.get("type")
    return {kind} if isinstance(kind, str) else set(kind or ())


def _gone(before: Plain, after: Plain) -> list[str]:
    return [one for one in before.get("properties", {}) if one not in after.get("properties", {})]


def _values(node: Plain) -> set[str]:
    return {str(one) for one in node.get("enum", ())}


def _tightened(where: str, before: Plain, after: Plain) -> Iterator[str]:
    """Bounds that let less through than they did."""
    for name, closer in (
        ("maximum", -1), ("maxLength", -1), ("maxItems", -1),
        ("minimum", 1), ("minLength", 1), ("minItems", 1),
    ):  # fmt: skip
        if name not in after:
            continue
        if name not in before or (after[name] - before[name]) * closer > 0:
            yield f"{where}: {name} is {after[name]} now"
    if "pattern" in after and after["pattern"] != before.get("pattern"):
        yield f"{where}: pattern is {after['pattern']} now"
