"""How a group of parameters takes a step: its rule traced once, run in their own memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from thalweg import tree
from thalweg.autodiff.modes import enable_grad
from thalweg.core.memory import memory_of
from thalweg.core.program import Program, Symbol, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.core.writing import operand, overwrite
from thalweg.engines.plan import Input, Plan, computed
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import full
from thalweg.optim.transformation import GradientTransformation, apply_updates
from thalweg.torch import naming
from thalweg.torch.optim.optimizer.groups import Group, fill_numbers, split

# From an iterator over numbers, or symbols for them, to a transformation.
Build = Callable[[Iterator[Any]], GradientTransformation]

# From options to a transformation.
Rule = Callable[[Mapping[str, Any]], GradientTransformation]

State = dict[str, Any]

Numbers = Sequence[float]

STEP = "step"


class Place(str):
    """The name of a parameter in a transformation's trees, unlike any key of its own."""

    __slots__ = ()


class StateLeaf(NamedTuple):
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
        self._build, self._places, self._names, self._implied = build, places, names, implied
        weak = [Spec((), FLOAT64, weak=True)] * numbers
        specs = [real(p.array).spec for p in params]
        self._first, self.structure, self._taken = self._traced(self._initial, [*weak, *specs])
        # With an axis more, what does not follow the parameter's shape shows.
        longer = [Spec((1,), s.dtype) if not s.shape else s for s in specs]
        self.entries = self._entries(self._traced(self._initial, [*weak, *longer])[0])
        given = [*weak, *specs, *specs, *(entry.spec for entry in self.entries)]
        step = partial(self._step, numbers, len(specs))
        program, _, captured = self._traced(step, given)
        roles = [Input.NUMBER] * numbers + [Input.ARRAY] * (2 * len(specs))
        roles += [Input.COUNTER if e.scalar else Input.ARRAY for e in self.entries]
        roles += [Input.ARRAY] * len(captured)
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

    def _step(self, numbers: int, count: int, leaves: Sequence[Tensor]) -> Any:
        transformation = self._build(iter(leaves[:numbers]))
        params = self._tree(leaves[numbers : numbers + count])
        gradients = self._tree(leaves[numbers + count : numbers + 2 * count])
        state = tree.unflatten(self.structure, leaves[numbers + 2 * count :])
        updates, after = transformation.update(gradients, state, params)
        new = apply_updates(params, updates)
        return [new] if self._places is None else [new[p] for p in self._places], after

    def _traced(
        self, function: Callable[..., Any], specs: list[Spec]
    ) -> tuple[Program, tree.TreeDef, list[Tensor]]:
        result, current, symbols = trace(lambda *leaves: function(leaves), specs, _symbolic)
        leaves, structure = tree.flatten(result)
        program = finish(current, symbols, [current.lift(as_tensor(leaf)) for leaf in leaves])
        return program, structure, [tensor for tensor, _ in current.captured.values()]

    # ---- the state

    def _entries(self, probe: Program) -> list[StateLeaf]:
        leaves = [self._described(accessor) for accessor in self.structure.accessors()]
        lasts = [(owner, fields[-1]) for owner, fields in leaves]
        found = []
        for (owner, fields), symbol, tried in zip(
            leaves, self._first.outputs, probe.outputs, strict=True
        ):
            field = fields[-1]
            once = lasts.count((owner, field)) == 1
            name = self._names.get(field, field) if once else ".".join(fields)
            found.append(
                StateLeaf(owner, name, symbol.spec, not tried.shape, field in self._implied)
            )
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
        pairs = [pair for pair in zip(self.entries, values, strict=True) if not pair[0].implied]
        ordered = {name: place for place, name in enumerate(self._names.values())}
        for entry, value in sorted(pairs, key=lambda pair: ordered.get(pair[0].name, len(ordered))):
            kept = _value_to_keep(entry, value, params[entry.owner or 0])
            for state in states if entry.owner is None else [states[entry.owner]]:
                state.setdefault(entry.name, kept)
        return before

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


def _value_to_keep(entry: StateLeaf, value: Any, param: Tensor) -> Tensor:
    """Return what a state keeps for an entry: the step is float32, as PyTorch keeps it."""
    if entry.name == STEP:
        return naming.make(value.astype("float32"))
    if param.dtype.kind == "c" and value.shape == (*param.shape, 2):
        return naming.make(value.view(param.dtype).reshape(param.shape))
    return naming.make(value)


def _memory(kept: Tensor, entry: StateLeaf) -> Any:
    data = kept.array
    return data if entry.scalar else real(data).array


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)


def real(data: Any) -> Tensor:
    """Return an array as a tensor; complex numbers as pairs of real ones in the same memory."""
    if data.dtype.kind != "c":
        return make(data)
    return make(data.reshape(*data.shape, 1).view(data.real.dtype))


def note_write(param: Tensor) -> None:
    """Note that a parameter's memory was written, so that a tape that needs the old refuses."""
    memory_of(param).written("")


def write_values(param: Tensor, value: Tensor) -> None:
    """Give a parameter's memory new values."""
    param.array[...] = value.array
    note_write(param)


class Runner:
    """What the options of a group amount to, until they change.

    Args:
        rules: Makes the transformation from options; and tells of these whether sparse gradients
            move their own rows alone, or refuses them.
        kept: How the state of a parameter is named, and which of its fields are implied.
        together: Whether the rule sees all parameters of a group at once.
        options: The group's options.
        before: What they amounted to before; its programs stay if numbers alone have changed.
    """

    def __init__(
        self,
        rules: tuple[Rule, Callable[[Mapping[str, Any]], bool]],
        kept: tuple[Mapping[str, str], frozenset[str]],
        together: bool,
        options: Mapping[str, Any],
        before: Runner | None,
    ) -> None:
        self.read = _reader(tuple(options))
        self.values = self.read(options)
        # The number in a tensor may change while the tensor stays.
        self.lasting = not any(map(_holds_array, self.values))
        self._key, self._numbers = split(options)
        self._rule, self._takes_rows = rules
        self._options = fill_numbers(options, iter(self._numbers))
        self._kept = kept
        same = before is not None and before._key == self._key
        self._updates: dict[Any, Update] = before._updates if before and same else {}
        self._given = dict(options)
        self.step = self._step_together if together else self._step_each
        if options.get("differentiable"):
            self.step = self._step_recorded

    def _step_each(self, group: Group, states: Any) -> None:
        numbers, updates = self._numbers, self._updates
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if isinstance(grad, SparseDerivative):
                self._step_sparse(param, states[param])
                continue
            data, g = param.array, grad.array
            update = updates.get((data.shape, data.dtype))
            if update is None:
                update = self._of([param])
            if g.shape != data.shape or g.dtype != data.dtype:
                g = _fit_gradient(param)
            state = states[param]
            if update.simple:
                try:
                    kept = [state[key].array for key in update.keys]
                except KeyError:
                    update.begin(numbers, [param], [state])
                    kept = [state[key].array for key in update.keys]
                update.run(numbers, [data, g, *kept])
            else:
                update.run_on(numbers, [param], [state])
            note_write(param)

    def _step_sparse(self, param: Tensor, state: State) -> None:
        """Step by a sparse gradient: in its own rows, if the rule leaves the others alone."""
        given: Any = param.grad
        if not self._takes_rows(self._given) or param.dtype.kind == "c":
            param.grad = given.to_dense()
            try:
                self._of([param]).run_on(self._numbers, [param], [state])
            finally:
                param.grad = given
        else:
            self._step_rows(param, given.coalesce(), state)
        note_write(param)

    def _step_rows(self, param: Tensor, grad: Any, state: State) -> None:
        places, values = tuple(grad.indices().array), grad.values().array
        count = len(values)
        # To the next power of two, so that few programs serve batches of many sizes; and one row
        # where there is none, as the step is counted.
        room = 1 << max(count - 1, 0).bit_length()

        def part(array: Any) -> Tensor:
            found = np.zeros((room, *values.shape[1:]), array.dtype)
            found[:count] = array[places]
            return make(found)

        whole = self._of([param])
        if any(entry.name not in state for entry in whole.entries if not entry.implied):
            whole.begin(self._numbers, [param], [state])
        rows = part(param.array)
        rows._grad = make(np.zeros(rows.shape, rows.dtype))
        rows._grad.array[:count] = values
        names = {entry.name: entry.scalar for entry in whole.entries if not entry.implied}
        kept = {key: state[key] if one else part(state[key].array) for key, one in names.items()}
        self._of([rows]).run_on(self._numbers, [rows], [kept])
        param.array[places] = rows.array[:count]
        for key, one in names.items():
            if not one:
                state[key].array[places] = kept[key].array[:count]

    def _step_recorded(self, group: Group, states: Any) -> None:
        """Make each step in recorded operations, through which derivatives pass."""
        rule = self._rule(self._given)
        for param in group["params"]:
            if param.grad is None:
                continue
            update, state = self._of([param]), states[param]
            begun = update.begin(self._numbers, [param], [state])
            before = tree.unflatten(update.structure, update.leaves(state, begun))
            with enable_grad():
                # The value that the parameter had stays part of the history of the new one.
                old = operand(param)
                updates, after = rule.update(param.grad, before, old)
                overwrite(param, apply_updates(old, updates))
            update.keep(state, tree.leaves(after))

    def begin(self, group: Group, states: Any) -> None:
        """Fill in the states of parameters that are stepped alone."""
        for param in group["params"]:
            self._of([param]).begin(self._numbers, [param], [states[param]])

    def _of(self, params: Sequence[Tensor], places: Sequence[Place] | None = None) -> Update:
        """Return the step of one parameter, or of several that are stepped together."""
        shapes = tuple([(param.array.shape, param.array.dtype) for param in params])
        key = shapes[0] if places is None else (places, shapes)
        update = self._updates.get(key)
        if update is None:
            build = lambda numbers: self._rule(fill_numbers(self._options, numbers))
            update = Update(build, len(self._numbers), params, places, *self._kept)
            self._updates[key] = update
        return update

    def _step_together(self, group: Group, states: Any) -> None:
        names = group.get("param_names") or range(len(group["params"]))
        active = [
            (Place(name), param)
            for name, param in zip(names, group["params"], strict=True)
            if param.grad is not None
        ]
        if not active:
            return
        places, params = zip(*active, strict=True)
        for param in params:
            if isinstance(param.grad, SparseDerivative):
                self._takes_rows(self._given)
            if param.grad.shape != param.shape or param.grad.dtype != param.dtype:
                _fit_gradient(param)
        update = self._of(params, places)
        update.run_on(self._numbers, params, [states[param] for param in params])
        for param in params:
            note_write(param)


def _reader(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return a function from a group to the tuple of its options."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda group: tuple(group[name] for name in names)


def _holds_array(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_holds_array, value))
    return hasattr(value, "dtype")


def _fit_gradient(param: Tensor) -> Any:
    """Convert a parameter's gradient to its dtype.

    Raises:
        ShapeError: If their shapes differ.
    """
    grad = param.grad
    if grad is None or grad.shape != param.shape:
        shape = None if grad is None else grad.shape
        raise ShapeError(
            f"A parameter of shape {param.shape} has a gradient of shape {shape}. Give one number "
            "an element."
        )
    param.grad = astype(grad.detach(), param.dtype)
    return param.grad.array
