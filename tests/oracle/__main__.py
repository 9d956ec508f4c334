"""The whole of PyTorch's operator data base: `python -m tests.oracle report`."""

from __future__ import annotations

import sys
import time

from tests.oracle.judge import judge
from tests.oracle.report import PAGE, page, record, verdicts


def report() -> None:
    """Judge every entry; write the page and the record."""
    started = time.perf_counter()
    found, missing = verdicts()
    PAGE.write_text(page(found, missing), encoding="utf-8")
    record(found)
    sys.stdout.write(f"{len(found)} entries in {time.perf_counter() - started:.0f} s: {PAGE}\n")


def show(names: list[str]) -> None:
    """Print the complaints of some entries."""
    from tests.oracle.database import entries

    for name, info in entries().items():
        if name in names or info.name in names:
            verdict = judge(name, info)
            if verdict is not None:
                sys.stdout.write("\n".join([f"{name}: {verdict.agreed}", *verdict.complaints, ""]))


if __name__ == "__main__":
    if sys.argv[1:] == ["report"]:
        report()
    elif sys.argv[1:] == ["names"]:
        from tests.oracle import names

        names.PAGE.write_text(names.written(), encoding="utf-8")
    else:
        show(sys.argv[1:])
