"""The step of a transformation on given parameters, traced once and run in their own memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.program import Program, Symbol, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.engines.plan import Plan, Role, computed
from thalweg.ops.creation.creation import full
from thalweg.optim.transformation import GradientTransformation, apply_updates

# From an iterator over numbers, or symbols for them, to a transformation.
Build = Callable[[Iterator[Any]], GradientTransformation]
State = dict[str, Any]
Numbers = Sequence[float]

STEP = "step"


class Place(str):
    """The name of a parameter in a transformation's trees, unlike any key of its own."""

    __slots__ = ()


class Entry(NamedTuple):
    """One leaf of a transformation's state."""

    owner: int | None  # whose it is; None if it belongs to all parameters together
    name: str  # its key in the state of a parameter
    spec: Spec
    scalar: bool  # whether it is one number, whatever the parameter's shape
    implied: bool  # whether it is not kept, but known: 1 after the first step


class Update:
    """The step of a transformation on parameters of given shapes.

    Args:
        build: Makes the transformation from numbers.
        numbers: How many it takes.
        params: The parameters: one, or several that a transformation sees together.
        places: Their names, where they are seen together; None for one alone.
        names: The keys of state entries by the transformation's field names, in their order.
        implied: Fields that are not kept.
    """

    def __init__(
        self,
        build: Build,
        numbers: int,
        params: Sequence[Tensor],
        places: Sequence[Place] | None,
        names: Mapping[str, str],
        implied: frozenset[str],
    ) -> None:
        self._build, self._places = build, places
        self._ordered = list(names.values())
        weak = [Spec((), FLOAT64, weak=True)] * numbers
        specs = [real(p.array).spec for p in params]
        self._first, self.structure, self._taken = self._traced(self._initial, [*weak, *specs], ())
        self.entries = self._entries(numbers, specs, self.structure, names, implied)
        given = [*weak, *specs, *specs, *(entry.spec for entry in self.entries)]
        program, _, captured = self._traced(
            self._step, given, (numbers, len(specs), self.structure)
        )
        roles = [Role.NUMBER] * numbers + [Role.ARRAY] * (2 * len(specs))
        roles += [Role.COUNTER if e.scalar else Role.ARRAY for e in self.entries]
        roles += [Role.ARRAY] * len(captured)
        targets = [numbers + i for i in range(len(specs))]
        targets += [numbers + 2 * len(specs) + i for i in range(len(self.entries))]
        self._plan = Plan(program, roles, targets)
        self._captured = captured
        complex_ = any(p.dtype.kind == "c" for p in params)
        shared = any(entry.implied or entry.owner is None for entry in self.entries)
        self.simple = not (captured or shared or complex_)
        self.keys = [entry.name for entry in self.entries]
        self.run = self._plan.run

    # ---- what is traced

    def _tree(self, leaves: Sequence[Any]) -> Any:
        if self._places is None:
            return leaves[0]
        return dict(zip(self._places, leaves, strict=True))

    def _initial(self, leaves: Sequence[Tensor]) -> Any:
        rest = iter(leaves)
        transformation = self._build(rest)
        return transformation.init(self._tree(list(rest)))

    def _step(
        self, leaves: Sequence[Tensor], numbers: int, count: int, structure: tree.TreeDef
    ) -> Any:
        transformation = self._build(iter(leaves[:numbers]))
        params = self._tree(leaves[numbers : numbers + count])
        gradients = self._tree(leaves[numbers + count : numbers + 2 * count])
        state = tree.unflatten(structure, leaves[numbers + 2 * count :])
        updates, after = transformation.update(gradients, state, params)
        new = apply_updates(params, updates)
        return [new] if self._places is None else [new[p] for p in self._places], after

    def _traced(
        self, function: Callable[..., Any], specs: list[Spec], more: tuple[Any, ...]
    ) -> tuple[Program, tree.TreeDef, list[Tensor]]:
        result, current, symbols = trace(lambda *leaves: function(leaves, *more), specs, _symbolic)
        leaves, structure = tree.flatten(result)
        program = finish(current, symbols, [current.lift(as_tensor(leaf)) for leaf in leaves])
        return program, structure, [tensor for tensor, _ in current.captured.values()]

    # ---- the state

    def _entries(
        self,
        numbers: int,
        specs: list[Spec],
        structure: tree.TreeDef,
        names: Mapping[str, str],
        implied: frozenset[str],
    ) -> list[Entry]:
        # With an axis more, what does not follow the parameter's shape shows.
        weak = [Spec((), FLOAT64, weak=True)] * numbers
        probes = [Spec((1,), s.dtype) if not s.shape else s for s in specs]
        probe, _, _ = self._traced(self._initial, [*weak, *probes], ())
        leaves = [self._described(accessor) for accessor in structure.accessors()]
        lasts = [(owner, fields[-1]) for owner, fields in leaves]
        found = []
        for (owner, fields), symbol, tried in zip(
            leaves, self._first.outputs, probe.outputs, strict=True
        ):
            field = fields[-1]
            once = lasts.count((owner, field)) == 1
            name = names.get(field, field) if once else ".".join(fields)
            found.append(Entry(owner, name, symbol.spec, not tried.shape, field in implied))
        return found

    def _described(self, accessor: Any) -> tuple[int | None, tuple[str, ...]]:
        """Return whose a leaf is, and the way to it."""
        owner = None if self._places is not None else 0
        fields = []
        for step in accessor:
            if isinstance(step.entry, Place) and self._places is not None:
                owner = self._places.index(step.entry)
            else:
                fields.append(str(getattr(step, "field", step.entry)))
        return owner, tuple(fields) or ("state",)

    def begin(self, numbers: Numbers, params: Sequence[Tensor], states: Sequence[State]) -> bool:
        """Fill in what the states of parameters lack; tell whether anything was there before."""
        before = any(
            entry.name in states[entry.owner or 0] for entry in self.entries if not entry.implied
        )
        given = [*numbers, *(real(p.array).array for p in params)]
        values = computed(self._first, [*given, *(t.array for t in self._taken)])
        for entry, value in sorted(
            zip(self.entries, values, strict=True), key=lambda pair: self._order(pair[0].name)
        ):
            if entry.implied:
                continue
            kept = _kept(entry, value, params[entry.owner or 0])
            for state in states if entry.owner is None else [states[entry.owner]]:
                state.setdefault(entry.name, kept)
        return before

    def _order(self, name: str) -> int:
        return self._ordered.index(name) if name in self._ordered else len(self._ordered)

    # ---- a recorded step of one parameter

    def leaves(self, state: State, begun: bool) -> list[Tensor]:
        """Return a parameter's state as the leaves of the transformation's."""
        found = []
        for entry in self.entries:
            kept = full((), float(begun)) if entry.implied else state[entry.name]
            found.append(astype(kept, entry.spec.dtype) if entry.scalar else kept)
        return found

    def keep(self, state: State, leaves: Sequence[Tensor]) -> None:
        """Take the leaves of a transformation's state as a parameter's."""
        for entry, leaf in zip(self.entries, leaves, strict=True):
            if not entry.implied:
                state[entry.name] = astype(leaf, "float32") if entry.name == STEP else leaf

    # ---- a step

    def run_on(self, numbers: Numbers, params: Sequence[Tensor], states: Sequence[State]) -> None:
        """Update parameters and their states, where that takes more than `run` alone."""
        missing = [e for e in self.entries if e.implied or e.name not in states[e.owner or 0]]
        begun = self.begin(numbers, params, states) if missing else True
        arrays = [real(p.array).array for p in params]
        arrays += [real(p.grad.array).array for p in params if p.grad is not None]
        for entry in self.entries:
            if entry.implied:
                arrays.append(full((), float(begun), entry.spec.dtype).array)
            else:
                arrays.append(_memory(states[entry.owner or 0][entry.name], entry))
        self.run(numbers, [*arrays, *(tensor.array for tensor in self._captured)])
        for entry in self.entries:
            if entry.owner is None:
                for state in states[1:]:
                    state[entry.name] = states[0][entry.name]


def _kept(entry: Entry, value: Any, param: Tensor) -> Tensor:
    """Return what a state keeps for an entry: the step is float32, as PyTorch keeps it."""
    if entry.name == STEP:
        return make(value.astype("float32"))
    if param.dtype.kind == "c" and value.shape == (*param.shape, 2):
        return make(value.view(param.dtype).reshape(param.shape))
    return make(value)


def _memory(kept: Tensor, entry: Entry) -> Any:
    data = kept.array
    return data if entry.scalar else real(data).array


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)


def real(data: Any) -> Tensor:
    """Return an array as a tensor; complex numbers as pairs of real ones in the same memory."""
    if data.dtype.kind != "c":
        return make(data)
    return make(data.reshape(*data.shape, 1).view(data.real.dtype))
