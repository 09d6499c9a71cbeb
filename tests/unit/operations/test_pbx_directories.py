"""Where each node's journal is: of local PBXs, of remote ones and of the seats of one."""

from pathlib import Path

from operations.pbx_directories import journals
from operations.settings import PbxSettings, Settings


def remote(tmp_path: Path, seats: int) -> Settings:
    pbx = PbxSettings(mode="remote", port=5038, directory=tmp_path / "shared", seats=seats)
    return Settings(home=tmp_path, pbx=pbx)


def test_every_node_of_a_home_has_a_journal(tmp_path: Path) -> None:
    (tmp_path / "nodes" / "a" / "pbx").mkdir(parents=True)
    assert journals(Settings(home=tmp_path), ["b"]) == {
        "journal": tmp_path / "pbx" / "journal",
        "nodes/a/journal": tmp_path / "nodes" / "a" / "pbx" / "journal",
        "nodes/b/journal": tmp_path / "nodes" / "b" / "pbx" / "journal",
    }


def test_every_seat_has_one_in_what_is_shared_with_the_pbx(tmp_path: Path) -> None:
    (tmp_path / "shared" / "seats" / "seat-2").mkdir(parents=True)
    assert journals(remote(tmp_path, 3), ["seat-3"]) == {
        "journal": tmp_path / "shared" / "journal",
        "nodes/seat-2/journal": tmp_path / "shared" / "seats" / "seat-2" / "journal",
        "nodes/seat-3/journal": tmp_path / "shared" / "seats" / "seat-3" / "journal",
    }
