"""What several test modules share: the composed dataset, a store of it, and the folder outside the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Store

from kg import settings
from kg.build import Composition, Sources, compose

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of articles and test suites beside the checkout; skip where a clone has none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (articles, W3C suites) is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def project() -> Sources:
    """Return the sources of Mercato's own graph."""
    return Sources.from_settings(settings.load(environ={}))


@pytest.fixture(scope="session")
def composition(project: Sources) -> Composition:
    """Return Mercato's own dataset, composed once for all tests; nobody may change it."""
    return compose(project)


@pytest.fixture(scope="session")
def graph(composition: Composition) -> Store:
    """Return a store of Mercato's own dataset; query it with `use_default_graph_as_union=True`, and only read."""
    store = Store()
    store.bulk_extend(composition.quads())
    return store
