"""XML of a part, read as a stream by expat within bounds.

Nothing in a workbook needs a document type, which is where entities would come from, inside the
file or outside it; one that has it is refused (OWASP, XML External Entity Prevention).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from xml.parsers import expat

from campaigns.errors import InvalidInput
from operations.xlsx.archive import damaged

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]

MAX_DEPTH = 64
MAX_TOKEN = 1 << 20
"""Bytes of one tag: expat keeps a tag whole."""


def check(pieces: Iterable[bytes]) -> None:
    """Read a part to its end for what is wrong with it.

    Raises:
        InvalidInput: it is cut short, not well formed, or made to be harmful.
    """
    depth = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _harmful()

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    for _ in read(pieces, start, end):
        pass


def read(
    pieces: Iterable[bytes], start: Start, end: End | None = None, text: Text | None = None
) -> Iterator[None]:
    """Tell of the elements of a part as they come; yields after each piece of it.

    Raises:
        InvalidInput: as `check`, but for the depth.
    """
    parser = _parser(start, end, text)
    given = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            given += len(piece)
            if given - parser.CurrentByteIndex > MAX_TOKEN:
                raise _harmful()
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged() from error
    yield


@lru_cache(maxsize=256)
def local(name: str) -> str:
    """An element's or attribute's name without its prefix."""
    return name.rpartition(":")[2]


def _parser(start: Start, end: End | None, text: Text | None) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return parser


def _refuse_document_type(*_: object) -> None:
    raise _harmful()


def _harmful() -> InvalidInput:
    return InvalidInput(
        "file",
        "it is a workbook that no spreadsheet writes: its XML is made to mislead.",
        "Ask whoever made it, or save the list as CSV UTF-8 and try again.",
    )
