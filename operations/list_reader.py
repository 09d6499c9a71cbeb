"""`python -m operations.list_reader DESCRIPTOR`: reads a list for the process that started it.

How it is to be read comes by standard input, what was read goes by standard output. While one piece
is taken, the next is read.
"""

import contextlib
import pickle
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from campaigns.errors import InvalidInput
from operations.list_reading import Piece, Told, Wanted
from operations.spreadsheet import open_sheet


def answer(file: BinaryIO, wanted: Wanted) -> Iterator[Iterable[Told]]:
    """What there is to tell of a file, in order, a piece at a time."""
    try:
        for piece in wanted.pieces(open_sheet(file).rows(), file.tell):
            yield _told(piece)
        yield [Told(spent_s=time.process_time())]
    except InvalidInput as error:
        yield [Told(fault=(error.field, error.why, error.remedy))]


def _told(piece: Piece) -> Iterator[Told]:
    yield Told(replace(piece, contacts=()), spent_s=time.process_time())
    for some in piece.contacts:
        yield Told(contacts=some, spent_s=time.process_time())


def main() -> None:
    """Read until the end of the file, or until nobody takes it any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    wanted: Wanted = pickle.load(sys.stdin.buffer)  # noqa: S301 - from whoever started this
    # Opened anew, so that both have a place of their own in it.
    with (
        Path(f"/proc/self/fd/{int(sys.argv[1])}").open("rb") as file,
        ThreadPoolExecutor(1) as sender,
        contextlib.suppress(BrokenPipeError),
    ):
        before: Future[None] | None = None
        for some in answer(file, wanted):
            if before:
                before.result()
            before = sender.submit(_send, some)
        if before:
            before.result()


def _send(some: Iterable[Told]) -> None:
    out = sys.stdout.buffer
    for told in some:
        pickle.dump(told, out, pickle.HIGHEST_PROTOCOL)
        out.flush()


if __name__ == "__main__":
    main()
