"""What tests of worker processes share."""

from typing import Any

import pytest

MARKS = [
    pytest.mark.usefixtures("no_process_is_left"),
    # Other tests of this process may have started the threads of JAX, which warn of every fork.
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # PyTorch's loader warns where there are more workers than processors.
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


def plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [plain(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value


def batches(loader: Any) -> list[Any]:
    return [plain(batch) for batch in loader]
