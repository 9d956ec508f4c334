"""Where vectors do not serve: functions computed lane by lane, of all lanes or of rare ones."""

import functools
from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value

Function = Callable[..., Value]


def shared(function: Function) -> Function:
    """Write a function that opens regions once for equal operands, where the deepest is known."""

    @functools.wraps(function)
    def written(e: Emitter, *operands: Value) -> Value:
        operands = tuple(e.unify(*operands))
        depth = max(v.depth for v in operands)
        key, region = f"{function.__name__} {operands!r}", e.regions[depth]
        if (known := region.known.get(key)) is None:
            with e.hoisted(depth):
                known = region.known[key] = function(e, *operands)
        return known

    return written


def each_lane(e: Emitter, function: Function, *operands: Value) -> Value:
    """A function of scalars, of every lane of vectors of one width and type; by `shared` alone."""
    x = operands[0]
    lane, (lanes,) = e.begin_loop(x.width, [e.constant(0, x.type, x.width)])
    found = function(e, *(e.extract(v, lane) for v in operands))
    (lanes,) = e.end_loop([e.insert(lanes, found, lane)])
    return lanes


def where_rare(
    e: Emitter, condition: Value, result: Value, function: Function, *operands: Value
) -> Value:
    """The result, but a function of scalars where a condition holds; by `shared` alone."""
    e.begin_if(e.any_lane(condition))
    merged = e.select(condition, each_lane(e, function, *operands), result)
    (result,) = e.end_if([merged], [result])
    return result
