"""Optax's own tests on `thalweg.optim`: `python -m tests.optax_suite [--real] [FILE …]`.

Files are named by their paths in Optax's package, such as `_src/alias_test.py`; without any, all
are run. What came of each case is kept in `.optax_suite`, where a run of single files enters its
own. `--real` runs Optax itself, which tells what can pass here; it is run first where it never was.
When all are in order, `docs/optax-suite.md` is written.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.optax_suite.page import PAGE, written
from tests.optax_suite.plugin import WORDS, Outcome
from tests.optax_suite.running import ROOT, Found, copied, exceptions, files, run

KEPT = ROOT / ".optax_suite"


def kept(package: str) -> Found:
    """Return what came of the last runs."""
    file = KEPT / f"{package}.json"
    found = json.loads(file.read_text()) if file.exists() else {}
    return {case: Outcome(*outcome) for case, outcome in found.items()}


def run_files(package: str, chosen: list[str]) -> None:
    """Run files one after another, and keep what came of them."""
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        for name in chosen:
            before = time.monotonic()
            fresh = run(package, Path(folder), [name])
            found = {c: o for c, o in kept(package).items() if c.partition("::")[0] != name}
            (KEPT / f"{package}.json").write_text(json.dumps({**found, **fresh}, indent=0))
            counts = Counter(outcome.word for outcome in fresh.values())
            told = ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])
            seconds = time.monotonic() - before
            sys.stdout.write(f"{package} {name}: {told} in {seconds:.0f} s\n")
            sys.stdout.flush()


def judged(chosen: list[str]) -> int:
    """Compare with Optax itself and the list of exceptions; return how many are not in order."""
    real, ours, listed = kept("optax"), kept("thalweg"), exceptions()
    can = [c for c, o in real.items() if o.word == "passed" and c.partition("::")[0] in chosen]
    passed = {case for case in can if ours.get(case, Outcome("failed")).word == "passed"}
    unknown = [case for case in can if case not in passed and case not in listed]
    mended = sorted(passed & listed.keys())
    for case in unknown:
        sys.stdout.write(f"FAILED {case}\n    {ours.get(case, Outcome('', 'not run')).text}\n")
    for case in mended:
        sys.stdout.write(f"PASSES NOW, take it off the list: {case}\n")
    share = 100 * len(passed) / max(len(can), 1)
    left_out = sum(case in listed for case in can)
    sys.stdout.write(
        f"Optax passes {len(can)} cases of {len(chosen)} files; of these thalweg.optim passes "
        f"{len(passed)}, {share:.2f} %; {left_out} are listed as exceptions.\n"
    )
    return len(unknown) + len(mended)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true", help="run Optax itself")
    parser.add_argument("--judge", action="store_true", help="run nothing; look at what is kept")
    parser.add_argument("files", nargs="*", metavar="FILE")
    given = parser.parse_args()
    chosen = given.files or files()
    if not given.judge:
        ran = {case.partition("::")[0] for case in kept("optax")}
        run_files("optax", chosen if given.real else [f for f in chosen if f not in ran])
        if not given.real:
            run_files("thalweg", chosen)
    amiss = judged(chosen)
    if not amiss and len(chosen) == len(files()):
        PAGE.write_text(written(kept("optax"), kept("thalweg"), exceptions()))
    return int(amiss > 0)


if __name__ == "__main__":
    sys.exit(main())
