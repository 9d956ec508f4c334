"""Fitting large files: processor seconds beside pandas and scikit-learn doing the same.

Each way is a process of its own that imports, reads, holds out a fifth of the rows, standardizes,
fits least squares and scores both parts; ours writes its model and report too. The ways take turns.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPEATS = 3

OURS = """
import sys
from thalweg.cli import main
sys.exit(main(["fit", sys.argv[1], "--target", "y", "--out", sys.argv[2], "--force", "--json"]))
"""

THEIRS = """
import sys
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
path = sys.argv[1]
frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
X, y = frame.drop(columns="y"), frame["y"]
X, X_held, y, y_held = train_test_split(X, y, test_size=0.2, random_state=0)
model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)
print(model.score(X, y), model.score(X_held, y_held))
"""

# Rows, columns with the target, and how they are stored.
FILES = {"tall.parquet": (1_000_000, 51), "wide.csv": (500, 5000), "small.csv": (600, 11)}


def make(path: Path, rows: int, columns: int) -> None:
    """Write a file of normal numbers whose last column, y, follows from five others."""
    import pandas as pd

    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns - 1))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(columns - 1)])
    frame["y"] = X[:, :5].sum(axis=1) + rng.normal(size=rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)


def cost(script: str, *arguments: str) -> tuple[float, float]:
    """Processor seconds and wall seconds of a process that runs a script."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = [sys.executable, "-c", script, *arguments]
    subprocess.run(run, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def report() -> None:
    """Print the table."""
    print("Processor seconds (wall seconds) of whole processes, medians of taking turns.")
    print(
        f"{'file':<14}{'rows':>10}{'columns':>9}{'thalweg':>16}{'pandas+sklearn':>16}{'ratio':>7}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, (rows, columns) in FILES.items():
            path = Path(folder, name)
            make(path, rows, columns)
            ours, theirs = [], []
            for _ in range(REPEATS):
                ours.append(cost(OURS, str(path), str(Path(folder, "model"))))
                theirs.append(cost(THEIRS, str(path)))
            mine, other = (
                [statistics.median(kind) for kind in zip(*costs, strict=True)]
                for costs in (ours, theirs)
            )
            cells = [f"{cpu:.2f} ({wall:.2f})" for cpu, wall in (mine, other)]
            print(
                f"{name:<14}{rows:>10,}{columns:>9,}{cells[0]:>16}{cells[1]:>16}"
                f"{mine[0] / other[0]:>7.2f}",
                flush=True,
            )
