"""Bars for work that takes a while; nothing where no terminal shows them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.console import aside, figure
from operations.import_list import ImportProgress
from operations.move_database import MoveProgress


@contextmanager
def importing(name: str) -> Iterator[Callable[[ImportProgress], None]]:
    """A bar over the bytes of a file; call what it yields with each report."""
    columns = (
        TextColumn("importing {task.fields[file]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]} rows"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=aside(), transient=True, disable=not _shown()) as bar:
        task = bar.add_task("", total=None, file=name, rows="0")

        def tell(now: ImportProgress) -> None:
            bar.update(task, completed=now.bytes_read, total=now.bytes_total, rows=figure(now.rows))

        yield tell


@contextmanager
def moving() -> Iterator[Callable[[MoveProgress], None]]:
    """A bar over the rows of a database; call what it yields with each report."""
    columns = (
        TextColumn("{task.fields[doing]} {task.fields[table]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=aside(), transient=True, disable=not _shown()) as bar:
        task = bar.add_task("", total=None, doing="opening", table="")

        def tell(now: MoveProgress) -> None:
            bar.update(task, completed=now.done, total=now.total, doing=now.doing, table=now.table)

        yield tell


@contextmanager
def counting(doing: str, what: str) -> Iterator[Callable[[int], None]]:
    """A count of something whose end is not known."""
    columns = (TextColumn(f"{doing}: {{task.fields[count]}} {what}"),)
    with Progress(*columns, console=aside(), transient=True, disable=not _shown()) as bar:
        task = bar.add_task("", total=None, count="0")
        yield lambda count: bar.update(task, count=figure(count))


def _shown() -> bool:
    return aside().is_terminal
