"""tw.root and tw.fixed_point: equations, solved by one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.engines.registry import Fallback
from thalweg.errors import ArgumentError, ShapeError, did_you_mean
from thalweg.ops.numpy.kinds import as_given
from thalweg.solvers import iterate
from thalweg.solvers.arguments import Dynamic, Statics, split_arguments, whole_arguments
from thalweg.solvers.function import Vector
from thalweg.solvers.implicit import bare, close, solution
from thalweg.solvers.iterate import Settings
from thalweg.solvers.listening import told
from thalweg.solvers.result import OptimizeResult
from thalweg.solvers.roots.mixing import mix
from thalweg.solvers.roots.newton import levenberg_marquardt_root, newton
from thalweg.solvers.running import solve
from thalweg.solvers.squares.residuals import Residuals
from thalweg.solvers.variables import Variables, flat_tensor
