"""Formulas such as log(price) ~ area + C(city) * rooms: read, checked, kept, and evaluated.

formulaic reads and evaluates them. What is evaluated is checked first, node by node: a formula may
come from a file, and a file must not run code.
"""

from thalweg.data.formulas.fitted import FittedFormula, fit_formula
from thalweg.data.formulas.parsing import ParsedFormula, parse_formula, with_left_side

__all__ = ["FittedFormula", "ParsedFormula", "fit_formula", "parse_formula", "with_left_side"]
