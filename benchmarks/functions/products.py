"""Products of matrices, distances and spectra."""

from __future__ import annotations

from benchmarks.functions.given import Call, Given


def _matmul(given: Given) -> Call:
    x, y = given.matrix(), given.floats(given.columns, given.rows)
    return lambda: x @ y


def _matrix_vector(given: Given) -> Call:
    x, y = given.matrix(), given.floats(given.columns)
    return lambda: x @ y


def _dot(given: Given) -> Call:
    lib, x, y = given.lib, given.vector(), given.vector()
    return lambda: lib.dot(x, y)


def _outer(given: Given) -> Call:
    lib, x, y = given.lib, given.floats(given.rows), given.floats(given.columns)
    return lambda: lib.outer(x, y)


def _size(given: Given) -> int:
    return {32: 3, 1000: 10}.get(given.n, 100)


def _bmm(given: Given) -> Call:
    lib, size = given.lib, _size(given)
    x, y = given.floats(size, size, size), given.floats(size, size, size)
    return lambda: lib.bmm(x, y)


def _einsum(given: Given) -> Call:
    lib, size = given.lib, _size(given)
    x, y = given.floats(size, size, size), given.floats(size, size, size)
    return lambda: lib.einsum("bij,bkj->bik", x, y)


def _cdist(given: Given) -> Call:
    lib, x, y = given.lib, given.floats(given.rows, 8), given.floats(given.columns, 8)
    return lambda: lib.cdist(x, y)


def _cosine(given: Given) -> Call:
    similarity, x, y = given.lib.nn.functional.cosine_similarity, given.matrix(), given.matrix()
    return lambda: similarity(x, y, dim=1)


def _spectrum(given: Given) -> Call:
    x, rfft = given.vector(), given.lib.fft.rfft
    return lambda: rfft(x)


def _stft(given: Given) -> Call:
    width = {32: 16, 1000: 64}.get(given.n, 512)
    lib, x = given.lib, given.vector()
    window = lib.hann_window(width)
    return lambda: lib.stft(x, width, window=window, return_complex=True)


CASES = {
    "matmul": _matmul,
    "matrix @ vector": _matrix_vector,
    "dot": _dot,
    "outer": _outer,
    "bmm": _bmm,
    "einsum(bij,bkj->bik)": _einsum,
    "cdist": _cdist,
    "cosine_similarity": _cosine,
    "rfft": _spectrum,
    "stft": _stft,
}
