"""Random programs of views, changes in place and other operations, for any tensor library."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np


class Overlapping(Exception):
    """An operand shares part of the memory that is written: PyTorch refuses, or its order shows."""


Step = Callable[[Any, list[Any]], Any]

UNARY = ["exp", "sin", "tanh", "square", "neg", "sigmoid", "abs", "clone", "detach"]
UNARY_IN_PLACE = ["exp_", "sin_", "tanh_", "neg_", "sigmoid_", "square_", "abs_"]
BINARY_IN_PLACE = ["add_", "mul_", "sub_", "copy_"]
WALKS: list[dict[str, bool]] = [{}, {"retain_graph": True}, {"create_graph": True}]


def views(choose: random.Random, ndim: int) -> Callable[[Any], Any]:
    """Return a random view."""
    i, j = choose.randrange(2), choose.randrange(3)
    # An element that is read alone is a value in NumPy, and a view in PyTorch.
    options: list[Callable[[Any], Any]] = [
        (lambda x: x[i]) if ndim > 1 else (lambda x: x.select(0, i)),
        lambda x: x[i : i + 2],
    ]
    options += [lambda x: x[::2], lambda x: x.unsqueeze(0), lambda x: x[..., j : j + 1]]
    options += [lambda x: x.view(-1), lambda x: x.reshape(-1), lambda x: x[None]]
    options += [lambda x: x.expand(2, *x.shape), lambda x: x.squeeze()]
    if ndim > 1:
        options += [lambda x: x.swapaxes(0, 1)]
        options += [lambda x: x.swapaxes(0, -1), lambda x: x[:, i], lambda x: x.diagonal()]
        options += [lambda x: x.narrow(0, 0, 1), lambda x: x.select(-1, i)]
    return choose.choice(options)


def turned(choose: random.Random) -> Callable[[Any], Any]:
    """Return a random view that a tensor itself becomes.

    Not as_strided_: in PyTorch other views lose the derivatives of what is outside of it then.
    """
    options: list[Callable[[Any], Any]] = [lambda x: x.unsqueeze_(0), lambda x: x.squeeze_()]
    options += [lambda x: x.transpose_(0, -1), lambda x: x.swapaxes_(-1, 0)]
    options += [lambda x: x.t_()]
    return choose.choice(options)


def picked(choose: random.Random) -> Callable[[Any, Any], Any]:
    """Return a random selection that copies."""
    places = [choose.randrange(2) for _ in range(2)]
    options: list[Callable[[Any, Any], Any]] = [
        lambda lib, x: x[places],
        lambda lib, x: x[x > 0.0],
        lambda lib, x: x[lib.tensor(np.array(places))],
        lambda lib, x: x[..., places],
        lambda lib, x: x.clone().flatten(),
        lambda lib, x: x.clone().as_strided((2, 2), (2, 1)),
        lambda lib, x: x.sum(0),
        lambda lib, x: x.clone(),
    ]
    return choose.choice(options)


def other_step(choose: random.Random) -> Step:
    """Return a random step of the rarer kinds: walks back, flags, selections, new shapes."""
    kind = choose.choice(["walk"] * 3 + ["turn"] * 2 + ["pick"] * 3 + ["mask", "flag", "apart"])
    a, b, scale = choose.random(), choose.random(), choose.uniform(0.5, 1.5)

    def pick(tensors: list[Any], at: float) -> Any:
        return tensors[int(at * len(tensors))]

    if kind == "walk":
        how = choose.choice(WALKS)
        return lambda lib, ts: none((pick(ts, a) * scale).sum().backward(**how))
    if kind == "turn":
        become = turned(choose)
        return lambda lib, ts: none(become(pick(ts, a)))
    if kind == "pick":
        part = picked(choose)
        return lambda lib, ts: part(lib, pick(ts, a))
    if kind == "mask":
        return lambda lib, ts: none(solid(pick(ts, a)).__setitem__(solid(pick(ts, a)) > 0.5, scale))
    if kind == "flag":
        return lambda lib, ts: pick(ts, a).detach().clone().requires_grad_(b < 0.7)
    if b < 0.5:
        return lambda lib, ts: none(pick(ts, a).select(0, 0).detach_())
    return lambda lib, ts: (pick(ts, a) * scale).detach_()


def step(choose: random.Random) -> Step:
    """Return a random step: it takes the tensors so far, and may return one more."""
    kind = choose.choice(
        ["view"] * 4
        + ["unary"] * 2
        + ["binary"] * 3
        + ["own"] * 2
        + ["change"] * 3
        + ["assign", "quiet", "fill", "detached"]
    )
    a, b, scale = choose.random(), choose.random(), choose.uniform(0.5, 1.5)

    def pick(tensors: list[Any], at: float) -> Any:
        return tensors[int(at * len(tensors))]

    if kind == "view":
        low, high = views(choose, 1), views(choose, 2)
        return lambda lib, ts: (high if pick(ts, a).ndim > 1 else low)(pick(ts, a))
    if kind == "unary":
        name = choose.choice(UNARY)
        return lambda lib, ts: getattr(pick(ts, a), name)()
    if kind == "binary":
        name = choose.choice(["add", "mul", "sub"])
        return lambda lib, ts: getattr(lib, name)(pick(ts, a), pick(ts, b) * scale)
    if kind == "own":
        name = choose.choice(UNARY_IN_PLACE)
        return lambda lib, ts: none(getattr(pick(ts, a), name)())
    if kind == "change":
        name = choose.choice(BINARY_IN_PLACE)
        return lambda lib, ts: none(getattr(pick(ts, a), name)(apart(pick(ts, a), pick(ts, b))))
    if kind == "assign":
        key = choose.choice([0, -1, slice(0, 1), slice(None, None, 2), (..., 0)])
        return lambda lib, ts: none(
            solid(pick(ts, a)).__setitem__(key, apart(pick(ts, a), pick(ts, b)))
        )
    if kind == "fill":
        return lambda lib, ts: none(solid(pick(ts, a)).fill_(scale))
    if kind == "detached":
        return lambda lib, ts: none(pick(ts, a).detach().mul_(scale))

    def quiet(lib: Any, ts: list[Any]) -> None:
        with lib.no_grad():
            pick(ts, a).mul_(scale)

    return quiet


def apart(written: Any, read: Any) -> Any:
    """Return an operand that shares no memory with what is written, or all of it."""
    if read is not written and np.shares_memory(held(written), held(read)):
        raise Overlapping
    return read


def solid(tensor: Any) -> Any:
    """Return a tensor, or its copy where elements share a place: PyTorch fills these too."""
    return tensor.clone() if 0 in held(tensor).strides else tensor


def held(tensor: Any) -> Any:
    """Return a tensor's memory as an array of NumPy's."""
    return tensor.detach().numpy()


def none(_: Any) -> None:
    """Return nothing: the step made no further tensor."""


def run(lib: Any, seed: int, length: int, rare: float = 0.0) -> tuple[Any, ...]:
    """Run a random program, with a share of rarer steps; return what can be seen of it."""
    choose = random.Random(seed)
    values = np.random.default_rng(seed).normal(size=(2, 3, 3))
    leaves = [lib.tensor(value, requires_grad=True) for value in values]
    tensors = [leaves[0] * 1.0, leaves[1], lib.tensor(values[0]), leaves[1] * 2.0]
    seen: list[Any] = []
    for _ in range(length):
        one = other_step(choose) if choose.random() < rare else step(choose)
        try:
            made = one(lib, tensors)
        except (RuntimeError, IndexError, ValueError) as error:
            seen.append(kind_of(error))
            continue
        if made is not None and made.ndim < 5:
            tensors.append(made)
    shown = [np.asarray(t.detach()).copy() for t in tensors]
    try:
        flags = [(t.requires_grad, t.is_leaf) for t in tensors]
    except RuntimeError:
        # PyTorch does not look at a view made without a record whose base was changed since.
        raise Overlapping from None
    grads: Any = None
    try:
        wanted = [t for t in tensors if t.requires_grad]
        total = sum((t * t * 0.1).sum() for t in wanted) if wanted else None
        if total is not None:
            total.backward()
            grads = [None if x.grad is None else np.asarray(x.grad.detach()) for x in leaves]
    except RuntimeError as error:
        grads = kind_of(error)
    return seen, shown, flags, grads


def kind_of(error: Exception) -> str:
    """Return what an error is about, as far as two libraries can agree."""
    if "backward through the graph a second time" in str(error):
        return "freed"
    return "index" if isinstance(error, IndexError) else "refused"
