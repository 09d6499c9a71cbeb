"""`python -m bench.importing HOME CONTROLLER FILE`: a list imported as the command line does it."""

import sys
from pathlib import Path

from bench import people
from operations.giving_way import give_way
from operations.import_list import import_list
from operations.workspace import open_workspace


def main() -> None:
    give_way()
    home, controller, file = sys.argv[1:]
    with Path(file).open("rb") as stream:
        import_list(
            open_workspace(Path(home)).engine,
            int(controller),
            stream,
            name="imported",
            file_name=Path(file).name,
            provenance=people.PROVENANCE,
            by=people.BY,
        )


if __name__ == "__main__":
    main()
