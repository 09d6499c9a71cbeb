"""What an XLSX workbook says of itself: its worksheets and how its days are counted."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from campaigns.errors import InvalidInput
from operations.xlsx.archive import Archive, damaged
from operations.xlsx.cells import Reading
from operations.xlsx.markup import Start, check, local, read
from operations.xlsx.strings import SharedStrings
from operations.xlsx.values import Style, load_styles

_MAX_SHEETS = 1000
_MAX_LINKS = 10_000
_FOREIGN = {
    "content.xml": (
        "an OpenDocument file, not an Excel workbook",
        "Save the list as .xlsx or CSV UTF-8 and try again.",
    ),
    "xl/workbook.bin": (
        "a binary Excel workbook (.xlsb)",
        "Save the list as .xlsx or CSV UTF-8 and try again.",
    ),
    "word/document.xml": (
        "a Word document, not an Excel workbook",
        "Put the list into a spreadsheet and save it as .xlsx.",
    ),
}


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A table of a workbook.

    Attributes:
        name: on its tab.
        part: where it is in the archive.
        hidden: its tab is not shown.
    """

    name: str
    part: str
    hidden: bool


class Book:
    """An XLSX workbook, without its cells.

    Attributes:
        worksheets: in the order of their tabs, those that are shown first.
        reading: what is needed to read cells.

    Raises:
        InvalidInput: it is damaged or no workbook.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._links: dict[str, str] = {}
        self._styles = self._strings = ""
        self._since_1904 = False
        self._found: list[Worksheet] = []
        part = self._main_part()
        self._read_links(part)
        self._parse(part, self._start_of_book)
        self.worksheets = sorted(self._found, key=lambda one: one.hidden)
        self.reading = self._reading()

    def _main_part(self) -> str:
        if "xl/workbook.xml" in self._archive.names:
            return "xl/workbook.xml"
        for part, (what, remedy) in _FOREIGN.items():
            if part in self._archive.names:
                raise InvalidInput("file", f"it is {what}.", remedy)
        raise InvalidInput(
            "file",
            "it is a zip archive without an Excel workbook.",
            "Unpack it and choose the list in it.",
        )

    def _read_links(self, part: str) -> None:
        directory, name = posixpath.split(part)
        links = f"{directory}/_rels/{name}.rels"
        if links not in self._archive.names:
            raise damaged()

        def start(element: str, attributes: dict[str, str]) -> None:
            if local(element) != "Relationship" or len(self._links) >= _MAX_LINKS:
                return
            target = posixpath.join("/" + directory, attributes.get("Target", ""))
            self._link(attributes, posixpath.normpath(target).lstrip("/"))

        self._parse(links, start)

    def _link(self, attributes: dict[str, str], target: str) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            return
        if kind == "worksheet":
            self._links[attributes.get("Id", "")] = target
        elif kind == "sharedStrings":
            self._strings = target
        elif kind == "styles":
            self._styles = target

    def _start_of_book(self, element: str, attributes: dict[str, str]) -> None:
        element = local(element)
        if element == "workbookPr":
            self._since_1904 = attributes.get("date1904", "0") in {"1", "true", "on"}
        elif element == "sheet" and len(self._found) < _MAX_SHEETS:
            link = next((one for name, one in attributes.items() if local(name) == "id"), "")
            part = self._links.get(link, "")
            if part and all(part != one.part for one in self._found):
                hidden = attributes.get("state", "visible") != "visible"
                self._found.append(Worksheet(attributes.get("name", ""), part, hidden))

    def _reading(self) -> Reading:
        strings = SharedStrings()
        if self._strings:
            strings.load(*self._twice(self._strings))
        styles: list[Style] = load_styles(*self._twice(self._styles)) if self._styles else []
        return Reading(strings, styles, self._since_1904)

    def _twice(self, part: str) -> tuple[Iterator[bytes], Iterator[bytes]]:
        return self._archive.pieces(part), self._archive.pieces(part)

    def _parse(self, part: str, start: Start) -> None:
        check(self._archive.pieces(part))
        for _ in read(self._archive.pieces(part), start):
            pass
