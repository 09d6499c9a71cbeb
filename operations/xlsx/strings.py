"""The texts that the cells of a workbook share, kept on disk: a million of them take no memory."""

import re
import tempfile
import weakref
from array import array
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import IO

from operations.xlsx.markup import check, local, read

MAX_CELL = 32_767
"""Characters of one cell, as in Excel."""
_BLOCK = 64
"""Texts that are read together: cells that follow one another mostly use texts that do."""
_BLOCKS_IN_MEMORY = 8
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    """Texts by their number, from the part `sharedStrings.xml`."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as this does
        self._offsets = array("Q", [0])
        self._waiting: list[str] = []
        self.count = 0
        self._block = lru_cache(_BLOCKS_IN_MEMORY)(partial(_block, self._file, self._offsets))
        weakref.finalize(self, self._file.close)

    def load(self, first: Iterable[bytes], again: Iterable[bytes]) -> None:
        """Take them from the part, which is read twice.

        Raises:
            InvalidInput: the part is damaged.
        """
        check(first)
        collector = TextCollector()

        def start(name: str, _: dict[str, str]) -> None:
            collector.start(local(name))

        def end(name: str) -> None:
            name = local(name)
            collector.end(name)
            if name == "si":
                self._add(collector.take())

        for _ in read(again, start, end, collector.text):
            pass
        self._flush()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self.count:
            raise IndexError(number)
        return unescaped(self._block(number // _BLOCK)[number % _BLOCK])

    def _add(self, text: str) -> None:
        self._waiting.append(text)
        self.count += 1
        if len(self._waiting) == _BLOCK:
            self._flush()

    def _flush(self) -> None:
        self._file.write("\0".join(self._waiting).encode())
        self._offsets.append(self._file.tell())
        self._waiting.clear()


class TextCollector:
    """Gathers the text of one cell out of its runs, without what says how it is pronounced."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_CELL + 1
        self._listening = False
        self._phonetic = False

    def start(self, name: str) -> None:
        """An element begins."""
        if name == "rPh":
            self._phonetic = True
        self._listening = name == "t" and not self._phonetic

    def text(self, data: str) -> None:
        """Some of its text; of a text without end no more is kept than tells that it is one."""
        if self._listening and self._room > 0:
            self._parts.append(data)
            self._room -= len(data)

    def end(self, name: str) -> None:
        """An element ends."""
        self._listening = False
        if name == "rPh":
            self._phonetic = False

    def take(self) -> str:
        """What was gathered; the next text begins."""
        whole = "".join(self._parts)
        self._parts.clear()
        self._room = MAX_CELL + 1
        self._phonetic = False
        return whole


def _block(file: IO[bytes], offsets: "array[int]", number: int) -> list[str]:
    begin, end = offsets[number], offsets[number + 1]
    file.seek(begin)
    return file.read(end - begin).decode().split("\0")


def unescaped(text: str) -> str:
    """A text with what Excel writes as `_x000D_` as the signs they are (ECMA-376, 22.9.2.19)."""
    return _ESCAPED.sub(_sign, text) if "_x" in text else text


def _sign(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= code <= 0xDFFF else chr(code)
