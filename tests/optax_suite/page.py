"""What came of Optax's own tests, as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version

from tests.optax_suite.running import ROOT, Found

PAGE = ROOT / "docs" / "optax-suite.md"

HEAD = """# Optax's own tests

Optax's wheel has its tests in it. `make optax-suite` runs them, unchanged, on `thalweg.optim`, and
writes this page: whatever they import by the name `optax`, private files too, is a module with the
names of `thalweg.optim` (`tests/optax_suite/alias.py`). They compute on JAX's arrays, inside
`jax.jit`, `jax.grad`, `jax.vmap` and `jax.lax.scan`. What can pass is what Optax itself passes in
the same environment; a case passes with all its subtests alone.

**Of the {can:,} cases that Optax {optax} passes with JAX {jax}, `thalweg.optim` passes {passed:,}:
{share:.2f} %.** The other {listed} are listed in [optax-exceptions.txt](optax-exceptions.txt), each
with its reason.

| file | cases | Optax passes | thalweg passes of these | of what Optax fails |
|---|---:|---:|---:|---:|
"""

MIDDLE = """
## What does not pass, and why

| cases | reason |
|---:|---|
"""

END = """
## What Optax itself does not pass

Optax skips {skipped} cases{devices}, and fails {failed}; those are not counted.

| case | thalweg |
|---|---|
"""


def written(real: Found, ours: Found, listed: dict[str, str]) -> str:
    """Return the page.

    Args:
        real: What came of Optax's cases.
        ours: What came of ours.
        listed: The exceptions, and their reasons.
    """
    can = {case for case, outcome in real.items() if outcome.word == "passed"}
    passed = {case for case, outcome in ours.items() if outcome.word == "passed"}
    lacking = sorted(can - passed)
    head = HEAD.format(
        can=len(can),
        passed=len(can & passed),
        share=100 * len(can & passed) / len(can),
        listed=len(lacking),
        optax=version("optax"),
        jax=version("jax"),
    )
    return "".join(
        [
            head,
            *_rows(real, can, passed),
            MIDDLE,
            *(
                f"| {count} | {reason} |\n"
                for reason, count in Counter(listed.get(case, "") for case in lacking).items()
            ),
            *_end(real, passed),
        ]
    )


def _rows(real: Found, can: set[str], passed: set[str]) -> Iterator[str]:
    """Yield a row a file, and one of all."""
    files = sorted({case.partition("::")[0] for case in real})
    for name in (*files, ""):
        own = {case for case in real if not name or case.partition("::")[0] == name}
        more = len((own & passed) - can)
        counts = f"{len(own):,} | {len(own & can):,} | {len(own & can & passed):,} | {more or ''}"
        yield f"| {f'`{name}`' if name else '**all**'} | {counts} |\n"


def _end(real: Found, passed: set[str]) -> Iterator[str]:
    """Yield what is told of cases that Optax fails or skips."""
    skipped = [case for case, outcome in real.items() if outcome.word == "skipped"]
    failed = sorted(case for case, outcome in real.items() if outcome.word == "failed")
    of_devices = sum(case.startswith("_src/sharding_test.py") for case in skipped)
    devices = f", {of_devices} of them for want of several devices" if of_devices else ""
    yield END.format(skipped=len(skipped), failed=len(failed), devices=devices)
    for case in failed:
        yield f"| `{case}` | {'passes' if case in passed else 'fails'} |\n"
