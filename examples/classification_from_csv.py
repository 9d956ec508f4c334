"""Classification from a CSV file: numbers, texts and gaps, with nothing prepared by hand.

You learn that `fit_table` reads the file, encodes its columns, holds rows out and fits; what the
result knows; and that the saved model predicts for a new file by the names of its columns.
"""

import csv
import tempfile
from pathlib import Path

import numpy as np

from thalweg.estimators import fit_table, read_model, save_model


def write_penguins(path, count=600, seed=0):
    """Write a table of birds, of which the species is to be told by bill, mass and island."""
    rng = np.random.default_rng(seed)
    bill = {"Adelie": 38.8, "Chinstrap": 48.8, "Gentoo": 47.5}
    mass = {"Adelie": 3700, "Chinstrap": 3730, "Gentoo": 5080}
    islands = {"Adelie": ["Dream", "Biscoe"], "Chinstrap": ["Dream"], "Gentoo": ["Biscoe"]}
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["island", "bill_length_mm", "body_mass_g", "species"])
        for species in rng.choice(list(bill), count):
            island = rng.choice(islands[species])
            length, weight = rng.normal(bill[species], 2.7), rng.normal(mass[species], 400)
            rows.writerow([island, f"{length:.1f}", f"{weight:.0f}", species])


def main():
    """Fit, save, load and predict; return the accuracy on rows that were held out, and more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_penguins(folder / "penguins.csv")
        fit = fit_table(folder / "penguins.csv", "species", seed=1)
        save_model(fit.model, folder / "penguins.thalweg")

        (folder / "new.csv").write_text(
            "bill_length_mm,body_mass_g,island\n39,3700,Dream\n48,5100,Biscoe\n", encoding="utf-8"
        )
        model = read_model(folder / "penguins.thalweg")
        species = model.predict(folder / "new.csv").tolist()
        shares = model.probabilities(folder / "new.csv")

    held_out = fit.losses["held out"]
    print(f"accuracy on {held_out['rows']} held-out rows: {held_out['score']:.3f}")
    print(f"of always naming the commonest species: {held_out['null score']:.3f}")
    print(f"{'':>16}  {fit.coefficients.outputs}")
    for name, row in zip(fit.coefficients.names, fit.coefficients.values, strict=True):
        print(f"{name:>16}: {row.round(3)}")
    print("the new birds:", species, shares.max(axis=1).round(3))
    return {"accuracy": held_out["score"], "null": held_out["null score"], "species": species}


if __name__ == "__main__":
    main()
