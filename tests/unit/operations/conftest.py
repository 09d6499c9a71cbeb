"""An installation on a fresh database, and what is put into it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from store_subjects import World
from workspaces import a_workspace

from operations.workspace import Workspace


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC))


@pytest.fixture
def workspace(own_store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(own_store, tmp_path)
