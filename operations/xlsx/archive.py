"""The parts of an XLSX file, inflated within bounds.

An XLSX is a zip archive of XML parts (ECMA-376, part 2). What it says it would inflate to is judged
before anything is inflated, and Python's zipfile inflates no part beyond what was said of it.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from campaigns.errors import InvalidInput

MAX_INFLATED = 4 << 30
"""Bytes of all parts together. A million rows of twenty columns are about one GiB."""
MAX_RATIO = 200
"""Inflated over packed; what Excel writes stays below a hundred."""
_RATIO_FROM = 16 << 20
"""Bytes inflated below which the ratio does not matter."""
MAX_DIRECTORY = 1 << 20
"""Bytes of the archive's directory, and of anything else that is read at once."""
_PIECE = 1 << 16
_AS_CSV = "Save the list as CSV UTF-8 and try again."
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, KeyError)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1  # in a part's flags (APPNOTE, 4.4.4)


class Archive:
    """An XLSX file as a set of named parts.

    Raises:
        InvalidInput: it is damaged, locked, no workbook, or would inflate to more than a list does.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(_Bounded(file))
        except (*_BROKEN, NotImplementedError) as error:
            raise damaged() from error
        parts = self._zip.infolist()
        _check_sizes(parts)
        self.names = frozenset(part.filename for part in parts)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, some at a time."""
        try:
            part = self._zip.getinfo(name)
            _check_readable(part)
            with self._zip.open(part) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except (*_BROKEN, RuntimeError) as error:
            raise damaged() from error


class _Bounded(io.RawIOBase):
    """A file of which nothing large is read at once, so that a false directory costs nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = MAX_DIRECTORY
        if size > MAX_DIRECTORY:
            raise zipfile.BadZipFile("too much at once")
        return self._file.read(size)


def damaged() -> InvalidInput:
    """The refusal of a workbook that cannot be read."""
    return InvalidInput(
        "file",
        "it is an Excel workbook that is damaged or was cut short.",
        "Open it in a spreadsheet, save it again as .xlsx, and try that file.",
    )


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    inflated = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if inflated > MAX_INFLATED or (inflated > _RATIO_FROM and inflated > MAX_RATIO * packed):
        raise InvalidInput(
            "file",
            f"it is a workbook that would unpack to {inflated >> 20} MB, more than a list takes.",
            _AS_CSV,
        )


def _check_readable(part: zipfile.ZipInfo) -> None:
    if part.flag_bits & _ENCRYPTED:
        raise InvalidInput(
            "file",
            "it is an Excel workbook locked with a password.",
            "Save it as .xlsx without a password and try again.",
        )
    if part.compress_type not in _METHODS:
        raise damaged()
