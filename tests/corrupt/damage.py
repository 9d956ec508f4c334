"""Ways in which bytes go bad: flipped, cut, lengthened, spliced, zeroed, exchanged."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAGE = 512


@dataclass(frozen=True)
class Damaged:
    """What became of a file.

    Attributes:
        content: Its bytes.
        how: What was done to it.
        touched: From where to where its bytes differ, if all others are where they were.
    """

    content: bytes
    how: str
    touched: tuple[int, int] | None = None


def _place(rng: random.Random, content: bytes) -> int:
    """Choose a place; often one at an end, where formats keep what the rest depends on."""
    near = min(64, len(content))
    end = rng.choice([0, 0, 1, 2])
    if end == 1:
        return rng.randrange(near)
    return rng.randrange(len(content) - near if end == 2 else 0, len(content))


def flipped(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    changed, places = bytearray(content), [_place(rng, content)]
    while rng.random() < 0.4:
        places.append(_place(rng, content))
    for place in places:
        changed[place] ^= 1 << rng.randrange(8)
    return Damaged(bytes(changed), f"bits flipped at {places}", (min(places), max(places) + 1))


def overwritten(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    start = _place(rng, content)
    length = min(rng.choice([1, 2, 4, 8, 64, PAGE]), len(content) - start)
    new = rng.choice([bytes(length), b"\xff" * length, rng.randbytes(length)])
    changed = content[:start] + new + content[start + length :]
    return Damaged(changed, f"{length} bytes overwritten at {start}", (start, start + length))


def zeroed(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    start = rng.randrange(0, len(content), PAGE)
    end = min(start + PAGE, len(content))
    changed = content[:start] + bytes(end - start) + content[end:]
    return Damaged(changed, f"the page at {start} zeroed", (start, end))


def cut(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    length = rng.choice([rng.randrange(len(content)), max(0, len(content) - rng.randrange(1, 20))])
    return Damaged(content[:length], f"cut to {length} bytes")


def beheaded(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    start = _place(rng, content)
    return Damaged(content[start:], f"its first {start} bytes lost")


def without(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    start, length = _place(rng, content), rng.choice([1, 8, 100, PAGE])
    return Damaged(content[:start] + content[start + length :], f"{length} bytes lost at {start}")


def repeated(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    start, length = _place(rng, content), rng.choice([1, 8, 100, PAGE])
    part = content[start : start + length]
    return Damaged(
        content[:start] + part + content[start:], f"{length} bytes twice from {start} on"
    )


def lengthened(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    more = rng.choice([b"\0", b"\n", bytes(PAGE), rng.randbytes(20), content, content[:100]])
    return Damaged(content + more, f"{len(more)} bytes more")


def spliced(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    other = rng.choice(others)
    start, from_ = _place(rng, content), rng.randrange(len(other))
    return Damaged(content[:start] + other[from_:], f"another file's end from {start} on")


def patched(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    other = rng.choice(others)
    start, length = _place(rng, content), rng.choice([8, 100, PAGE])
    part = other[start : start + length] or other[:length]
    changed = content[:start] + part + content[start + len(part) :]
    return Damaged(changed, f"{len(part)} bytes of another file at {start}")


def exchanged(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    return Damaged(rng.choice(others), "another file")


def emptied(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    content = rng.choice(
        [b"", b"\0", b"\n", b"{}", b"[" * 10_000, rng.randbytes(200), b"\0" * 5000]
    )
    return Damaged(content, f"{len(content)} bytes of nothing")


Way = Callable[[random.Random, bytes, Sequence[bytes]], Damaged]

WAYS: list[Way] = [
    *([flipped] * 6), *([overwritten] * 2), zeroed, *([cut] * 2), beheaded, without, repeated,
    lengthened, spliced, patched, exchanged, emptied,
]  # fmt: skip


def damaged(rng: random.Random, content: bytes, others: Sequence[bytes]) -> Damaged:
    """Damage a file in a way chosen by chance; it is never what it was.

    Args:
        rng: Where chance comes from.
        content: The file.
        others: What parts of it may be exchanged for.
    """
    while (found := rng.choice(WAYS)(rng, content, others)).content == content:
        pass
    return found
