"""Random programs are compiled anew each time: they test the compiler, not the object cache."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def object_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THALWEG_CACHE_DIR", str(tmp_path_factory.mktemp("objects")))
        yield
