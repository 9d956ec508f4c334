"""Ways to a derivative that is taken from outside, of a function that is traced first."""

import numpy as np

import thalweg as tw

WAYS = {
    "jit of grad": lambda f: tw.jit(tw.grad(f)),
    "grad of jit": lambda f: tw.grad(tw.jit(f)),
    "grad of grad's jit": lambda f: tw.jit(tw.grad(tw.jit(f))),
    "vmap": lambda f: tw.grad(lambda x: tw.vmap(f)(tw.stack([x, x])).sum() / 2),
    "checkpoint": lambda f: tw.grad(tw.checkpoint(f)),
    "cond": lambda f: tw.grad(lambda x: tw.cond(x.sum() > 0, f, lambda x: 0.0 * x.sum(), x)),
    "scan": lambda f: tw.grad(
        lambda x: tw.scan(lambda c, _: (c + f(x * c), None), 1.0, None, 1)[0]
    ),
    "forward": lambda f: lambda x: np.array(
        [tw.jvp(tw.jit(f), (x,), (row,))[1] for row in np.eye(3)]
    ),
}  # fmt: skip
