"""Resampled signals, images and volumes against live PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.torch.nn.libraries import Library, same, same_error
from thalweg import torch as wing

SHAPES = {3: (2, 3, 7), 4: (2, 2, 5, 6), 5: (1, 2, 3, 4, 5)}
GRIDS: tuple[dict[str, Any], ...] = (
    {"size": 4},
    {"size": 9},
    {"size": 1},
    {"scale_factor": 1.7},
    {"scale_factor": 0.6},
    {"scale_factor": 0.6, "recompute_scale_factor": True},
)
MODES = [
    *((axes, mode, None) for axes in SHAPES for mode in ("nearest", "nearest-exact", "area")),
    *((3, "linear", aligned) for aligned in (None, False, True)),
    *((4, mode, aligned) for mode in ("bilinear", "bicubic") for aligned in (False, True)),
    *((5, "trilinear", aligned) for aligned in (False, True)),
]


def resampled(shape: tuple[int, ...], **arguments: Any) -> None:
    def code(lib: Library) -> Any:
        x = (lib.range(*shape) * 3).sin().detach().requires_grad_()
        out = lib.nn.functional.interpolate(x, **arguments)
        (out * out.detach().cos()).sum().backward()
        return out, x.grad

    same(code, rel=1e-11)


@pytest.mark.parametrize("grid", GRIDS, ids=range(len(GRIDS)))
@pytest.mark.parametrize(("axes", "mode", "aligned"), MODES)
def test_finer_and_coarser_grids_are_pytorch_s(
    axes: int, mode: str, aligned: bool | None, grid: dict[str, Any]
) -> None:
    resampled(SHAPES[axes], mode=mode, align_corners=aligned, **grid)


@pytest.mark.parametrize("size", [(3, 2), (2, 9), (11, 13), (5, 6)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_smoothed_images_are_pytorch_s(mode: str, size: tuple[int, int]) -> None:
    resampled(SHAPES[4], size=size, mode=mode, antialias=True)


@pytest.mark.parametrize(
    "arguments",
    [{"size": (4, 3)}, {"scale_factor": 2.0, "mode": "bilinear", "align_corners": True}],
)
def test_the_layer_resamples_and_prints_as_pytorch_s(arguments: dict[str, Any]) -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.Upsample(**arguments)
        return layer(lib.range(*SHAPES[4])), repr(layer)

    same(code)


def test_single_precision_stays() -> None:
    x = np.arange(6, dtype=np.float32).reshape(1, 1, 6)
    found = wing.nn.functional.interpolate(wing.tensor(x), 4, mode="linear")
    wanted = torch.nn.functional.interpolate(torch.tensor(x), 4, mode="linear")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), 1e-6)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "size or scale_factor should be defined"),
        ({"size": 2, "scale_factor": 2.0}, "only one of size or scale_factor"),
        ({"size": 2, "align_corners": True}, "align_corners option can only be set"),
        ({"size": 2, "antialias": True}, "Anti-alias option is"),
        ({"size": 2, "recompute_scale_factor": True}, "recompute_scale_factor is not meaningful"),
    ],
)
def test_what_pytorch_refuses_is_refused(arguments: dict[str, Any], text: str) -> None:
    same_error(lambda lib: lib.nn.functional.interpolate(lib.ones(1, 1, 4), **arguments), text)


def test_a_mode_for_other_axes_is_refused() -> None:
    for shape, mode in (((1, 1, 4), "bilinear"), ((4, 4), "nearest"), ((1, 1, 4), "cubist")):
        with pytest.raises(ValueError, match="Give another mode"):
            wing.nn.functional.interpolate(wing.ones(shape), 2, mode=mode)
    with pytest.raises(ValueError, match="one an axis"):
        wing.nn.functional.interpolate(wing.ones(1, 1, 4), (2, 2))
    with pytest.raises(ValueError, match="antialias=True"):
        wing.nn.functional.interpolate(wing.ones(1, 1, 4, 4), 2, mode="lanczos")


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("extents", [(1, 1, 12, 7), (1, 1, 2, 28), (1, 1, 3, 5, 6)])
def test_the_map_that_changes_nothing_reads_pixels_to_the_last_bit(
    extents: tuple[int, ...], aligned: bool
) -> None:
    rank = len(extents) - 2
    map_ = np.eye(rank, rank + 1, dtype=np.float32)[None]
    ours = wing.nn.functional.affine_grid(wing.tensor(map_), extents, align_corners=aligned)
    theirs = torch.nn.functional.affine_grid(torch.tensor(map_), extents, align_corners=aligned)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
