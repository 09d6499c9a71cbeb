"""A receipt as a file for the person whose number it is."""

import json
from dataclasses import asdict

from fastapi.encoders import jsonable_encoder
from fastapi.responses import Response

from api.language import language
from api.receipt import pdf, words
from operations.receipt_parts import Receipt

FORMS = ("pdf", "json")
"""The first one where none of them is asked for."""


def file_of(receipt: Receipt, form: str, code: str) -> Response:
    """An answer that a browser keeps as a file.

    Args:
        receipt: what it says.
        form: one of `FORMS`.
        code: the language of a PDF; JSON has none.
    """
    headers = {"Content-Disposition": f'attachment; filename="receipt.{form}"'}
    if form == "json":
        text = json.dumps(jsonable_encoder(asdict(receipt)), ensure_ascii=False, indent=1)
        return Response(text, headers=headers, media_type="application/json")
    drawn = pdf.drawn(words.sheet_of(receipt, language(code)))
    return Response(drawn, headers=headers, media_type="application/pdf")
