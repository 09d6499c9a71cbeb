"""Workbooks made to mislead, to harm, or cut short on their way."""

import io
import struct
import zipfile

from workbooks import (
    BOOK,
    BOOK_LINKS,
    MAIN,
    SHEET,
    STRINGS,
    inline,
    of_rows,
    packed,
    sheet,
    standing,
    strings,
    workbook,
)

HEADER = inline("telephone", "nom", line=1)
PERSON = inline("0639980001", "Zoé", line=2)
WHOLE = of_rows(HEADER + PERSON)
LONG = "x" * (1 << 20)

LAUGHS = "".join(
    f'<!ENTITY l{step} "{f"&l{step - 1};" * 10}">' if step else '<!ENTITY l0 "ha">'
    for step in range(10)
)


def with_sheet(xml: str | bytes) -> bytes:
    return packed({**standing(), SHEET: xml})


def with_part(name: str, xml: str | bytes) -> bytes:
    return packed({**standing(), SHEET: sheet(HEADER + PERSON), name: xml})


def with_document_type(declared: str, used: str) -> bytes:
    row = f'<row r="2"><c t="inlineStr"><is><t>{used}</t></is></c></row>'
    return with_sheet(f"<!DOCTYPE worksheet [{declared}]>" + sheet(HEADER + row))


def without(name: str) -> bytes:
    parts = {**standing(), SHEET: sheet(HEADER + PERSON)}
    del parts[name]
    return packed(parts)


def bomb() -> bytes:
    """A worksheet of 32 MB in 32 kB."""
    return with_sheet(sheet(HEADER) + " " * (32 << 20))


def lying_bomb() -> bytes:
    """The same, which says of itself that it is small."""
    content = bomb()
    size = struct.pack("<L", len(sheet(HEADER)) + (32 << 20))
    return content.replace(size, struct.pack("<L", len(sheet(HEADER))))


def overlapping_bomb(parts: int = 1000) -> bytes:
    """Very many parts of a MB each that share the same bytes."""
    content = packed({"part": " " * (1 << 20)})
    directory = content.index(b"PK\1\2")
    end = content.index(b"PK\5\6")
    entry = content[directory:end]
    tail = struct.pack("<HHLLH", parts, parts, len(entry) * parts, directory, 0)
    return content[:directory] + entry * parts + content[end : end + 8] + tail


def nested_bomb() -> bytes:
    """Zip archives within zip archives, without a workbook."""
    inner = packed({"zeros": b"\0" * (1 << 20)})
    for _ in range(5):
        inner = packed({f"{place}.zip": inner for place in range(8)})
    return inner


def endless_directory() -> bytes:
    """An end record that tells of a directory of 2 GB."""
    end = WHOLE.index(b"PK\5\6")
    return WHOLE[: end + 12] + struct.pack("<LLH", 2 << 30, 0, 0)


def locked() -> bytes:
    """Parts that are encrypted, as their flags say."""
    content = bytearray(WHOLE)
    place = 0
    while (place := content.find(b"PK\1\2", place)) >= 0:
        content[place + 8] |= 1
        place += 4
    return bytes(content)


def compressed_otherwise() -> bytes:
    """Parts packed as Excel never packs them, whose unpacking may ask for any memory."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in {**standing(), SHEET: sheet(HEADER + PERSON)}.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_wrong_checksum() -> bytes:
    """A worksheet of which one byte was changed on the way."""
    parts = {**standing(), SHEET: sheet(HEADER + PERSON)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue().replace("Zoé".encode(), b"Zoex")


def deep() -> bytes:
    return with_sheet(sheet(HEADER + "<a>" * 100_000 + "</a>" * 100_000))


def with_a_tag_without_end() -> bytes:
    return with_sheet(sheet(f'<row r="1" spans="{LONG * 8}"/>'))


def with_a_text_without_end() -> bytes:
    return with_sheet(sheet(HEADER + inline("0639980001", LONG * 8, line=2) + later()))


def with_a_shared_text_without_end() -> bytes:
    row = '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    items = f"<si><t>{LONG * 8}</t></si>"
    return packed({**standing(), SHEET: sheet(HEADER + row + later()), STRINGS: strings(items)})


def with_a_row_without_end() -> bytes:
    names = [f"c{place}" for place in range(400)]
    full = inline(*["x" * 1000] * 400, line=2)
    return with_sheet(sheet(inline("telephone", *names, line=1) + full + later()))


def later() -> str:
    return inline("0639980003", "Noé", line=3)


def far_apart() -> bytes:
    """Two cells at the far corners of a worksheet."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_sheet(sheet(HEADER + PERSON + far))


def of_very_many_columns() -> bytes:
    cells = "".join("<c><v>1</v></c>" for _ in range(16_384))
    return with_sheet(sheet(HEADER + f'<row r="2">{cells}</row>' + later()))


def with_a_link_outside() -> bytes:
    links = standing()[BOOK_LINKS].replace(
        'Target="worksheets/sheet1.xml"',
        'Target="http://192.0.2.1/sheet1.xml" TargetMode="External"',
    )
    return with_part(BOOK_LINKS, links)


def with_a_link_upwards() -> bytes:
    links = standing()[BOOK_LINKS].replace("worksheets/sheet1.xml", "../../../etc/passwd")
    return with_part(BOOK_LINKS, links)


def with_a_thousand_tabs_of_one_worksheet() -> bytes:
    tabs = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 1001))
    book = standing()[BOOK].split("<sheets>")[0] + f"<sheets>{tabs}</sheets></workbook>"
    return with_part(BOOK, book)


def in_utf_16() -> bytes:
    xml = '<?xml version="1.0" encoding="UTF-16"?>' + sheet(HEADER + PERSON)
    return with_sheet(xml.encode("utf-16"))


def of_formulas() -> bytes:
    """A formula without its result, one that failed, one that gives a number."""
    return of_rows(
        HEADER
        + '<row r="2"><c r="A2"><f>VLOOKUP(B2,X!A:B,2)</f></c></row>'
        + '<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        + '<row r="4"><c r="A4"><f>639980000+4</f><v>639980004</v></c></row>'
    )


def of_numbers() -> bytes:
    return workbook([["telephone", "nom"], [639980001, "a"], [6.39980002e8, "b"], [33639980003]])


def hidden_only() -> bytes:
    parts = standing(names=("-Cachée",))
    return packed({**parts, SHEET: sheet(HEADER + PERSON)})


def of_strict_office() -> bytes:
    """As «Strict Open XML» writes it, with a namespace of its own and days in letters."""
    cells = '<c t="inlineStr"><is><t>0639980001</t></is></c><c t="d"><v>2025-03-14</v></c>'
    names = inline("telephone", "date_consentement", line=1)
    xml = sheet(f'{names}<row r="2">{cells}</row>')
    return with_sheet(xml.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"))
