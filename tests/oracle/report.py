"""The report of a whole run: how much of PyTorch's data base agrees, and what does not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from tests.oracle.database import entries
from tests.oracle.differences import DIFFERENCES, LENIENCE, ROUNDED, SPELLED, lenience
from tests.oracle.judge import CLOSE, MODES, TOLERANCE, Verdict, judge
from tests.oracle.spelling import DRAWN

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "pytorch-conformance.md"
RECORD = Path(__file__).with_name("recorded.json")


def verdicts() -> tuple[list[Verdict], list[str]]:
    """Return the verdicts on all entries, and the entries there is no function for."""
    found, missing = [], []
    for name, info in entries().items():
        verdict = judge(name, info)
        if verdict is None or not any(verdict.asked.values()):
            missing.append(name)
        else:
            found.append(verdict)
            sys.stdout.write(f"{name}: {_row(verdict)}\n")
    return found, missing


def record(found: list[Verdict]) -> None:
    """Write how many samples of each entry agree, below which none may fall."""
    kept = {verdict.name: [verdict.agreed[mode] for mode in MODES] for verdict in found}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(kept[name])}" for name in sorted(kept))
    RECORD.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _row(verdict: Verdict) -> str:
    return ", ".join(
        f"{mode} {verdict.agreed[mode]}/{verdict.asked[mode]}"
        for mode in MODES
        if verdict.asked[mode]
    )


def page(found: list[Verdict], missing: list[str]) -> str:
    """Return the page that is published."""
    parts = [
        _summary(found),
        _differences(),
        _errors(found),
        _exceptions(found),
        _farther(found),
        _table(found),
        _rest(missing),
    ]
    return "\n".join(parts)


def _summary(found: list[Verdict]) -> str:
    lines = [
        "# Conformance to PyTorch",
        "",
        f"PyTorch {torch.__version__.partition('+')[0]} comes with a data base of its operators: "
        "for each, samples of arguments in all shapes, and calls that are errors. Every sample of "
        "every operator that thalweg has is run by both, in float64 (or the first of int64, "
        "complex128 and bool that the operator takes), and the results are compared to "
        f"{_brief(TOLERANCE)} of the number itself and a thousandth of the largest beside it (of 1 "
        f"at least); how many are within {_brief(CLOSE)} is told too. Compared are values and "
        "dtypes; gradients for random weights; the variant in place, and its refusal of leaves; "
        "the method; arguments that are not contiguous; and the class of the exception. Of "
        "singular vectors and eigenvectors, whose signs are the routine's choice, the data base "
        "says what is determined, and where derivatives exist along symmetric or triangular "
        "matrices alone, it makes them so. Nothing of the data base is stored: `make oracle` "
        "writes this page.",
        "",
        "The data bases of modules and of optimizers are compared by the tests: all layers and "
        "losses (`tests/torch/nn/test_module_db.py`), and all 15 optimizers in their 91 "
        "configurations, the parameters and states after each of 12 steps to 1e-13, dense and "
        "sparse gradients, and every construction that is an error (`tests/torch/optim`). What "
        "differs: a momentum of sparse gradients is kept dense, and the step of `SparseAdam` as a "
        "tensor.",
        "",
        f"| | samples that agree | of | | within {_brief(CLOSE)} |",
        "|---|---:|---:|---:|---:|",
    ]
    for mode in MODES:
        agreed = sum(verdict.agreed[mode] for verdict in found)
        asked = sum(verdict.asked[mode] for verdict in found)
        close = sum(verdict.close[mode] for verdict in found)
        shares = [f"{100 * part / max(asked, 1):.2f} %" for part in (agreed, close)]
        lines.append(f"| {mode} | {agreed:,} | {asked:,} | {shares[0]} | {shares[1]} |")
    whole = sum(_is_whole(verdict) for verdict in found)
    lines += [
        "",
        f"{len(found)} of the {len(entries())} entries are measured; of {whole} of them all values "
        "and gradients agree.",
        "",
    ]
    return "\n".join(lines)


def _is_whole(verdict: Verdict) -> bool:
    return all(verdict.agreed[m] == verdict.asked[m] for m in ("values", "gradients"))


def _differences() -> str:
    lines = [
        "## Where a name has two meanings",
        "",
        "`tw` has NumPy's names with NumPy's meaning, `thalweg.torch` PyTorch's, which "
        "is what is measured:",
        "",
    ]
    lines += [f"- {names}: {text}" for names, text in SPELLED.items()]
    lines += ["", "What disagrees for that reason, or another:", ""]
    lines += [f"- {name}: {text}" for name, text in DIFFERENCES.items()]
    lines += [""]
    return "\n".join(lines)


def _errors(found: list[Verdict]) -> str:
    """Return the calls that are errors in PyTorch alone, by what they have in common."""
    counts = dict.fromkeys(LENIENCE, 0)
    others = []
    for verdict in found:
        for complaint in verdict.complaints:
            if complaint.startswith("errors"):
                what = lenience(verdict.name)
                if what is None:
                    others.append(f"  - {verdict.name}: {_short(complaint)}")
                else:
                    counts[what] += 1
    asked = sum(verdict.asked["errors"] for verdict in found)
    agreed = sum(verdict.agreed["errors"] for verdict in found)
    lines = [
        "## Calls that PyTorch alone refuses",
        "",
        f"Of {asked:,} calls that are errors in the data base and in PyTorch itself, {agreed:,} "
        "are errors of that class here; "
        f"{sum(counts.values()):,} are computed for a reason:",
        "",
    ]
    lines += [f"- {what} ({counts[what]}): {why}" for what, (why, _) in LENIENCE.items()]
    lines += [f"- No reason; to be repaired ({len(others)}).", *others]
    return "\n".join([*lines, ""])


def _exceptions(found: list[Verdict]) -> str:
    lines = ["## Every sample whose values or gradients disagree", ""]
    for verdict in found:
        said = [c for c in verdict.complaints if c.startswith(("values", "gradients"))]
        if not said:
            continue
        reason = DIFFERENCES.get(verdict.name, "No reason; it is to be repaired.")
        lines += [f"- **{verdict.name}** ({len(said)}): {reason}"]
        lines += [f"  - {_short(complaint)}" for complaint in said]
    return "\n".join([*lines, ""])


def _farther(found: list[Verdict]) -> str:
    lines = [f"## Where results agree, but not within {_brief(CLOSE)}", ""]
    for verdict in found:
        farther = sum(verdict.agreed[m] - verdict.close[m] for m in ("values", "gradients"))
        if farther:
            reason = ROUNDED.get(verdict.name.partition(".polygamma_n")[0], "No reason.")
            lines.append(f"- **{verdict.name}** ({farther}): {reason}")
    return "\n".join([*lines, ""])


def _brief(number: float) -> str:
    return f"{number:g}".replace("e-0", "e-")


def _short(complaint: str) -> str:
    line = " ".join(complaint.split())
    return f"`{line[:150]}`" if "`" not in line else line[:150].replace("`", "'")


def _table(found: list[Verdict]) -> str:
    lines = ["## Entry by entry", "", f"| entry | {' | '.join(MODES)} |"]
    lines.append("|---" * (len(MODES) + 1) + "|")
    for verdict in sorted(found, key=lambda verdict: verdict.name):
        cells = [
            f"{verdict.agreed[m]}/{verdict.asked[m]}" if verdict.asked[m] else "" for m in MODES
        ]
        lines.append(f"| {verdict.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _rest(missing: list[str]) -> str:
    is_drawn = {name: any(name == d or name.startswith(f"{d}.") for d in DRAWN) for name in missing}
    names = ", ".join(name for name in missing if not is_drawn[name])
    drawn = ", ".join(name for name in missing if is_drawn[name])
    return "\n".join(
        [
            "## Not measured",
            "",
            f"Drawn at random, and compared bit by bit elsewhere: {drawn}.",
            "",
            f"thalweg has no function of the name: {names}.",
            "",
        ]
    )
