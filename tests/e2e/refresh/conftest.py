"""One first refresh for all that looks at it: the files of this folder run in one worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.refresh.first_night import First, first_night


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    with first_night(tmp_path_factory.mktemp("e2e") / "var") as found:
        yield found
