"""`python -m bench.downloading URL...`: takes each file to its end, one after the other.

The key is in the environment (`BENCH_KEY`). It says that it is ready, is told when to begin on its
standard input, says what it took as one JSON line, and ends with its input (`bench.service`).
"""

import csv
import http.client
import os
import re
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from bench.asking import say, told

PATIENCE_S = 300.0
_CHUNK = 1 << 16
_ROW = re.compile(rb"<row>")


@dataclass(frozen=True, slots=True)
class Taken:
    """One file.

    Attributes:
        form: `csv` or `xlsx`.
        rows: without the header.
        begun, ended: epoch seconds, of the request and of its last byte.
        size: bytes.
    """

    form: str
    rows: int
    begun: float
    ended: float
    size: int


def taken(url: str, key: str, directory: Path) -> Taken:
    """Take a file, and then count its rows.

    Raises:
        OSError: it is refused, or cut short.
    """
    form = url.rpartition(".")[2]
    path = directory / f"taken.{form}"
    begun = time.time()
    with path.open("wb") as file:
        size = _read(url, key, file)
    ended = time.time()
    return Taken(form, rows_of(path), begun, ended, size)


def _read(url: str, key: str, file: IO[bytes]) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", parts.path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise OSError(f"{url} answers {answer.status}")
        size = 0
        while piece := answer.read(_CHUNK):
            size += file.write(piece)
        return size
    finally:
        connection.close()


def rows_of(path: Path) -> int:
    """Rows of a CSV or XLSX file that Porte-voix wrote, without its headers."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as text:
            return sum(1 for _ in csv.reader(text, delimiter=";")) - 1
    with zipfile.ZipFile(path) as book:
        sheets = [one for one in book.namelist() if one.startswith("xl/worksheets/")]
        return sum(_rows(book, one) - 1 for one in sheets)


def _rows(book: zipfile.ZipFile, sheet: str) -> int:
    count, before = 0, b""
    with book.open(sheet) as xml:
        while piece := xml.read(_CHUNK):
            text = before + piece
            count += len(_ROW.findall(text))
            before = text[-4:]  # shorter than what is looked for, so that none counts twice
    return count


def main() -> None:
    """Take what the command line names."""
    begun, _ = told()
    time.sleep(max(0.0, begun - time.time()))
    with tempfile.TemporaryDirectory(prefix="portevoix-taken-") as directory:
        key = os.environ["BENCH_KEY"]
        say({"taken": [asdict(taken(url, key, Path(directory))) for url in sys.argv[1:]]})


if __name__ == "__main__":
    main()
