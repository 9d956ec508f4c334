"""Plans of traced functions: which kernels they are cut into, and where their values live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.compiler.programs import program_of, spec
from thalweg.compiler.kernels.graph import Graph
from thalweg.compiler.kernels.kernels import KernelPlan, form_kernels
from thalweg.compiler.kernels.memory import Storage, assign
from thalweg.compiler.kernels.streams import fuse_streams
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.states import own_outputs
from thalweg.core.program import Program
from thalweg.core.spec import Spec

ROW_BYTES = 512
# States lie here in tests, far apart and below everything else.
APART, START = 1 << 16, 1 << 24

Shape = tuple[int, ...] | Spec


def traced(function: Callable[..., Any], *shapes: Shape) -> Program:
    """Trace a function of float64 arrays of these shapes, or of whatever a Spec says."""
    specs = [shape if isinstance(shape, Spec) else spec(*shape) for shape in shapes]
    return optimize(program_of(function, *specs))


def plan_of(function: Callable[..., Any], *shapes: Shape) -> KernelPlan:
    plan = form_kernels(Graph(traced(function, *shapes)))
    fuse_streams(plan, ROW_BYTES)
    return plan


def kinds(plan: KernelPlan) -> list[str]:
    """Return what each kernel is: its kind and how many values it computes."""
    return [f"{kernel.kind.value} {len(kernel.roots)}" for kernel in plan.kernels]


def step_plan(
    function: Callable[..., Any], states: int, *shapes: Shape
) -> tuple[KernelPlan, Storage, set[int]]:
    """Plan a step; return too the numbers of the states that change in place."""
    program = own_outputs(traced(function, *shapes), states)
    plan = form_kernels(Graph(program))
    fuse_streams(plan, ROW_BYTES)
    pairs = list(zip(program.inputs[:states], program.outputs[:states], strict=True))
    places = {state: i * APART for i, (state, _) in enumerate(pairs)}
    storage = assign(plan, pairs, places, START)
    in_place = {
        i
        for i, (state, new) in enumerate(pairs)
        if new is not state and storage.offsets.get(new) == places[state]
    }
    copied = {state for state, _ in storage.copies}
    unchanged = {state for state, new in pairs if new is state}
    assert copied | unchanged | {pairs[i][0] for i in in_place} == set(places)
    return plan, storage, in_place


INT32 = np.dtype(np.int32)
