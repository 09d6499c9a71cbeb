"""The database of the homes that tests make: a file in them, or one of a server for each."""

from dataclasses import dataclass

from postgres import Postgres


@dataclass
class Homes:
    """Where they are kept.

    Attributes:
        server: PostgreSQL, for a run `--on postgresql`; None for SQLite.
    """

    server: Postgres | None = None

    def database(self) -> str:
        """The line of a new home's settings that names its database; none for a file in it."""
        return f'database_url = "{self.server.lasting()}"\n' if self.server else ""


HOMES = Homes()
