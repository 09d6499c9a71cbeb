"""People with attributes, and a table of constituencies, put into a database."""

import io
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, update
from store_subjects import World, number

from operations.constituencies import TableReport, import_table
from store.engine import writing
from store.tables import contact, contact_list

TABLE = """circonscription;code_postal;commune;insee;bureau_de_vote
1;99310;Valbourg-sur-Orne;;
1;99320;Valbourg-sur-Orne;;1
2;99320;Valbourg-sur-Orne;;2
2;99330;Saint-Éloi-lès-Valbourg;99502;
"""


def listed(world: World, attributes: Sequence[dict[str, Any]], first: int = 0) -> int:
    """A list of one person for each set of attributes, numbers in order."""
    world.controller()
    numbers = [number(first + at) for at in range(len(attributes))]
    list_id = world.contacts(1, numbers)
    with writing(world.engine) as connection:
        for one, has in zip(numbers, attributes, strict=True):
            connection.execute(
                update(contact)
                .where(contact.c.list_id == list_id, contact.c.number == one)
                .values(attributes=has)
            )
        connection.execute(
            update(contact_list).where(contact_list.c.id == list_id).values(accepted=len(numbers))
        )
    return list_id


def with_table(engine: Engine, text: str = TABLE) -> TableReport:
    """Import a table of constituencies."""
    return import_table(engine, io.BytesIO(text.encode()), file_name="circo.csv", by="Zoé")
