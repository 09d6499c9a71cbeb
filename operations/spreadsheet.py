"""Opening an uploaded list: an XLSX workbook or a CSV, told apart by what is in it.

The name of a file is not looked at: what is called `.xls` is as often a CSV or a web page.
"""

from typing import BinaryIO

from campaigns.errors import InvalidInput
from operations.csv_sheet import CsvSheet
from operations.rows import Sheet
from operations.xlsx.sheet import XlsxSheet

_HEAD = 1024
_ZIP = b"PK\x03\x04"
_AS_CSV = "Save the list as CSV UTF-8 and try again."
_OTHERS = {
    b"PK": ("an empty or split zip archive.", "Choose the file that holds the list."),
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook (.xls), or one locked with a password.",
        "Save it as .xlsx without a password and try again.",
    ),
    b"%PDF": ("a PDF, not a list.", _AS_CSV),
    b"\x1f\x8b": ("a compressed file.", "Unpack it and choose the list in it."),
    b"{\\rtf": ("a text document, not a list.", _AS_CSV),
    b"<": ("a web page or XML, whatever its name says.", _AS_CSV),
}


def open_sheet(file: BinaryIO) -> Sheet:
    """The table in a file, which is seekable and at its beginning.

    Raises:
        InvalidInput: it is no list: of another format, damaged, empty, without column names.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(_ZIP):
        return XlsxSheet(file)
    begin = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    for mark, (what, remedy) in _OTHERS.items():
        if begin.startswith(mark):
            raise InvalidInput("file", f"it is {what}", remedy)
    return CsvSheet(file)
