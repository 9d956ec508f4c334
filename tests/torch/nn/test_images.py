"""Layers of images and volumes beside PyTorch's, and natively."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import (
    DTYPES,
    function_agrees,
    layer_agrees,
    layer_runs_natively,
    numbers,
    runs_natively,
    seeded,
    trains_natively,
)  # fmt: skip
from tests.torch.nn.libraries import same_error
from thalweg import torch as wing
from thalweg.torch import nn

both = pytest.mark.parametrize("dtype", DTYPES)

SIGNAL, IMAGE, VOLUME = numbers(2, 4, 9), numbers(2, 4, 6, 7), numbers(2, 4, 5, 6, 4)

LAYERS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], Any]] = {
    "conv3d": ("Conv3d", (4, 6, 3), {}, VOLUME),
    "conv3d in groups": (
        "Conv3d", (4, 6, (3, 2, 1), (1, 2, 1), (1, 0, 2), (2, 1, 1), 2), {"bias": False}, VOLUME,
    ),
    "conv3d same": ("Conv3d", (4, 2, (3, 2, 3)), {"padding": "same"}, VOLUME[0]),
    "conv3d circular": ("Conv3d", (4, 2, 3), {"padding": 1, "padding_mode": "circular"}, VOLUME),
    "transpose 1d": ("ConvTranspose1d", (4, 6, 3, 2, 1, 1, 2), {}, SIGNAL),
    "transpose 2d": ("ConvTranspose2d", (4, 6, (3, 2), 2, 1, 0, 2, True, (1, 2)), {}, IMAGE),
    "transpose 3d": ("ConvTranspose3d", (4, 6, 3), {}, VOLUME),
    "transpose 3d in groups": (
        "ConvTranspose3d", (4, 6, (2, 3, 2), 2, 1, (1, 0, 1), 2, False), {}, VOLUME[0],
    ),
    "max 3d": ("MaxPool3d", (2,), {"return_indices": True}, VOLUME),
    "max 3d at the edge": (
        "MaxPool3d", ((3, 2, 2), 2, 1), {"ceil_mode": True, "dilation": (1, 2, 1)}, VOLUME,
    ),
    "mean 3d": ("AvgPool3d", ((2, 3, 2), 2, 1, True, False), {}, VOLUME),
    "mean 3d divided": ("AvgPool3d", (2,), {"divisor_override": 3}, VOLUME[0]),
    "adaptive 1d": ("AdaptiveMaxPool1d", (4,), {"return_indices": True}, SIGNAL),
    "adaptive 2d": ("AdaptiveMaxPool2d", ((4, None),), {"return_indices": True}, IMAGE),
    "adaptive 3d": ("AdaptiveMaxPool3d", ((2, 4, 3),), {}, VOLUME[0]),
    "norm 1d": ("LPPool1d", (2, 3), {}, np.abs(SIGNAL)),
    "norm 2d": ("LPPool2d", (3, (2, 3), 2, True), {}, np.abs(IMAGE)),
    "norm 3d": ("LPPool3d", (1.5, 2), {}, np.abs(VOLUME)),
    "largest 2d": ("LPPool2d", (float("inf"), 2), {}, IMAGE),
    "fractional 2d": ("FractionalMaxPool2d", ((2, 3), (3, 4)), {"return_indices": True}, IMAGE),
    "fractional 2d ratio": ("FractionalMaxPool2d", (2,), {"output_ratio": 0.6}, IMAGE[0]),
    "fractional 3d": ("FractionalMaxPool3d", (2, (3, 4, 2)), {}, VOLUME),
    "response": ("LocalResponseNorm", (3, 0.5, 0.6, 2.0), {}, IMAGE),
    "response of signals": ("LocalResponseNorm", (4, 0.5), {}, SIGNAL),
    "pixels": ("PixelShuffle", (2,), {}, IMAGE),
    "channels": ("PixelUnshuffle", (2,), {}, numbers(2, 3, 4, 6)),
    "groups": ("ChannelShuffle", (2,), {}, IMAGE),
    "columns": ("Unfold", ((2, 3), 1, 1, 2), {}, IMAGE),
    "image": ("Fold", ((4, 5), 2), {}, numbers(2, 12, 12)),
    "nearest": ("UpsamplingNearest2d", (), {"scale_factor": 2}, IMAGE),
    "bilinear": ("UpsamplingBilinear2d", ((9, 11),), {}, IMAGE),
}  # fmt: skip


@both
@pytest.mark.parametrize("case", LAYERS)
def test_layers_of_images(case: str, dtype: str) -> None:
    name, args, kwargs, x = LAYERS[case]
    layer_agrees(name, (args, kwargs), (x,), {}, dtype)


@both
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("stride", [None, 1])
def test_maxima_go_back_to_their_places(rank: int, stride: Any, dtype: str) -> None:
    x = (SIGNAL[..., :8], IMAGE[..., :6], VOLUME[:, :, :4])[rank - 1]
    pool = getattr(torch.nn.functional, f"max_pool{rank}d")
    found, places = pool(torch.tensor(x), 2, stride, return_indices=True)
    args = found.numpy(), places.numpy()
    for given in (args, tuple(a[0] for a in args)):
        layer_agrees(f"MaxUnpool{rank}d", ((2, stride), {}), given, {}, dtype)
    wanted = {"output_size": list(x.shape)}
    layer_agrees(f"MaxUnpool{rank}d", ((2, stride), {}), args, wanted, dtype)


@both
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_maxima_with_their_places(rank: int, dtype: str) -> None:
    x = (SIGNAL, IMAGE, VOLUME)[rank - 1]
    function_agrees(f"max_pool{rank}d_with_indices", (x, 3, 2, 1), {}, dtype)
    function_agrees(f"adaptive_max_pool{rank}d_with_indices", (x, 3), {}, dtype)


def test_of_equal_maxima_and_of_several_nan_pytorch_s_is_chosen() -> None:
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 1, 1] = x[0, 0, 2, 0] = np.nan
    x[0, 0, 3:, 3:] = 1.0
    for size in ((2, 2), (3, 3), (1, 4)):
        ours = nn.functional.adaptive_max_pool2d(wing.tensor(x), size, return_indices=True)
        theirs = torch.nn.functional.adaptive_max_pool2d(torch.tensor(x), size, True)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_infinite_maxima_go_back_too() -> None:
    found = nn.functional.max_unpool1d(wing.tensor([[np.inf, 1.0]]), wing.tensor([[1, 2]]), 2)
    assert found.tolist() == [[0.0, np.inf, 1.0, 0.0]]


@both
def test_convolution_of_times_first(dtype: str) -> None:
    args = numbers(7, 2, 3), numbers(3, 3, 4), numbers(4), 1
    function_agrees("conv_tbc", args, {}, dtype)


# ---- grids

GRIDS: tuple[dict[str, Any], ...] = tuple(
    {"mode": mode, "padding_mode": outside, "align_corners": aligned}
    for mode in ("bilinear", "nearest", "bicubic")
    for outside in ("zeros", "border", "reflection")
    for aligned in (True, False)
)


@both
@pytest.mark.parametrize("options", GRIDS, ids=lambda o: "-".join(map(str, o.values())))
def test_images_read_at_positions(options: dict[str, Any], dtype: str) -> None:
    grid = numbers(2, 3, 5, 2) * 0.9
    function_agrees("grid_sample", (IMAGE, grid), options, dtype)
    if options["mode"] != "bicubic":
        grid = numbers(2, 3, 2, 4, 3) * 0.9
        function_agrees("grid_sample", (VOLUME, grid), options, dtype)


@both
@pytest.mark.parametrize("aligned", [True, False])
def test_grids_of_affine_maps(aligned: bool, dtype: str) -> None:
    options = {"align_corners": aligned}
    function_agrees("affine_grid", (numbers(2, 2, 3), (2, 3, 4, 5)), options, dtype)
    function_agrees("affine_grid", (numbers(2, 3, 4), (2, 3, 4, 1, 5)), options, dtype)


def test_that_corners_are_not_said_is_warned_of() -> None:
    theta = wing.tensor(numbers(1, 2, 3))
    with pytest.warns(UserWarning, match="Default grid_sample"):
        grid = nn.functional.affine_grid(theta, (1, 1, 2, 2))
    with pytest.warns(UserWarning, match="Default grid_sample"):
        nn.functional.grid_sample(wing.ones((1, 1, 2, 2), dtype=np.float64), grid)


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_older_names_of_resampling_warn(name: str) -> None:
    with pytest.warns(UserWarning, match=f"{name}` is deprecated"):
        ours = getattr(nn.functional, name)(wing.tensor(IMAGE), scale_factor=2)
    with pytest.warns(UserWarning, match="deprecated"):
        theirs = getattr(torch.nn.functional, name)(torch.tensor(IMAGE), scale_factor=2)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12, atol=1e-14)


# ---- natively

NATIVE: tuple[tuple[str, nn.Module, Any], ...] = (
    ("conv3d", nn.Conv3d(4, 2, 2, padding=1, groups=2, dtype=np.float64), VOLUME),
    ("transpose 3d", nn.ConvTranspose3d(4, 2, 2, 2, 1, 1, dtype=np.float64), VOLUME),
    ("transpose 1d", nn.ConvTranspose1d(4, 2, 3, 2, dtype=np.float64), SIGNAL),
    ("max 3d", nn.MaxPool3d(2, return_indices=True), VOLUME),
    ("mean 3d", nn.AvgPool3d(2, padding=1), VOLUME),
    ("adaptive 2d", nn.AdaptiveMaxPool2d((4, 3)), IMAGE),
    ("adaptive 3d", nn.AdaptiveMaxPool3d(3, return_indices=True), VOLUME),
    ("norm 2d", nn.LPPool2d(2, 2), np.abs(IMAGE)),
    ("response", nn.LocalResponseNorm(3, 0.5), IMAGE),
    ("columns", nn.Unfold(2), IMAGE),
    ("image", nn.Fold((4, 5), 2), numbers(2, 12, 12)),
    ("bilinear", nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    (
        "fractional",
        nn.FractionalMaxPool2d(2, 3, _random_samples=wing.tensor(np.full((2, 4, 2), 0.3))),
        IMAGE,
    ),
)


@pytest.mark.parametrize(("layer", "x"), [n[1:] for n in NATIVE], ids=[n[0] for n in NATIVE])
def test_layers_and_their_derivatives_run_natively(layer: nn.Module, x: np.ndarray) -> None:
    layer_runs_natively(layer, x)


@pytest.mark.parametrize("options", GRIDS[::3], ids=lambda o: "-".join(map(str, o.values())))
def test_reading_at_positions_runs_natively(options: dict[str, Any]) -> None:
    runs_natively(
        lambda x, grid: nn.functional.grid_sample(x, grid, **options),
        IMAGE,
        numbers(2, 3, 5, 2) * 0.9,
    )


def test_putting_maxima_back_runs_natively() -> None:
    def code(x: Any) -> Any:
        return nn.functional.max_unpool2d(*nn.functional.max_pool2d(x, 2, return_indices=True), 2)

    runs_natively(code, IMAGE[..., :6])


@both
def test_volumes_train_natively(dtype: str) -> None:
    seeded(1)
    kind = np.dtype(dtype)
    model = nn.Sequential(
        nn.Conv3d(2, 3, 2, dtype=kind), nn.ReLU(), nn.MaxPool3d(2),
        nn.ConvTranspose3d(3, 1, 2, dtype=kind), nn.Flatten(),
    )  # fmt: skip
    data = numbers(4, 2, 5, 5, 5), numbers(4, 27)
    trains_natively(model, data, nn.MSELoss(), dtype)


def test_windows_at_random_are_drawn_anew_in_a_fit() -> None:
    seeded(1)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, dtype=np.float64), nn.FractionalMaxPool2d(2, 3), nn.Flatten(),
        nn.Linear(18, 1, dtype=np.float64),
    )  # fmt: skip
    from thalweg import fit, optim

    found = fit(
        model, (numbers(4, 1, 8, 8), numbers(4, 1)), loss=nn.MSELoss(), optimizer=optim.sgd(0.0),
        batch_size=4, steps=6, engine="native", fallback="refuse",
    )  # fmt: skip
    assert len(set(np.asarray(found.history.loss).tolist())) > 1


# ---- refusals


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda lib: lib.nn.FractionalMaxPool2d(2), "requires specifying either"),
        (lambda lib: lib.nn.FractionalMaxPool2d(2, 2, 0.5), "only one of"),
        (lambda lib: lib.nn.FractionalMaxPool3d(2, output_ratio=1.5), "between 0 and 1"),
        (lambda lib: lib.nn.FractionalMaxPool2d(2, 7)(lib.ones(1, 1, 7, 7)), "too large"),
        (lambda lib: lib.nn.LocalResponseNorm(2)(lib.ones(3, 3)), "Expected 3D or higher"),
        (
            lambda lib: lib.nn.functional.grid_sample(
                lib.ones(1, 1, 2, 2), lib.ones(1, 2, 2, 2), "linear", align_corners=True
            ),
            "expected mode to be",
        ),
        (
            lambda lib: lib.nn.functional.grid_sample(
                lib.ones(1, 1, 2, 2), lib.ones(1, 2, 2, 3), align_corners=True
            ),
            "grid to have size 2",
        ),
        (
            lambda lib: lib.nn.functional.affine_grid(
                lib.ones(1, 2, 2), (1, 1, 2, 2), align_corners=True
            ),
            "Expected a batch of 2D affine matrices",
        ),
        (
            lambda lib: lib.nn.functional.max_unpool2d(
                *lib.nn.functional.max_pool2d(lib.range(1, 4, 4), 2, return_indices=True), 2,
                output_size=(9, 9),
            ),
            "invalid output_size",
        ),
    ],
)  # fmt: skip
def test_what_pytorch_refuses_is_refused(code: Any, text: str) -> None:
    same_error(code, text)


def test_places_outside_are_refused() -> None:
    with pytest.raises(RuntimeError, match="invalid max index"):
        nn.functional.max_unpool1d(wing.ones((1, 2)), wing.tensor([[0, 4]]), 2)


CONVOLUTIONS = tuple(f"conv{kind}{rank}d" for rank in (1, 2, 3) for kind in ("", "_transpose"))


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize(
    ("dtypes", "text"),
    [
        (("float32", "float64"), "expected scalar type Float but found Double"),
        (("float64", "float32"), "expected scalar type Double but found Float"),
        (("float32", "int64"), "expected scalar type Float but found Long"),
        (
            ("float32", "float32", "float64"),
            r"Input type \(float\) and bias type \(double\) should",
        ),
        (("int64", "int64", "float32"), r"Input type \(long int\) and bias type \(float\) should"),
    ],
)
def test_operands_of_several_dtypes_are_refused(
    name: str, dtypes: tuple[str, ...], text: str
) -> None:
    rank = int(name[-2])
    shapes = ((1, 2, *[5] * rank), (2, 2, *[3] * rank), (2,))
    arrays = [np.ones(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=False)]
    with pytest.raises(tw.errors.DtypeError, match=text):
        getattr(nn.functional, name)(*map(wing.tensor, arrays))
    # Of a transpose's bias PyTorch takes the numbers as they lie in memory.
    if "transpose" not in name or len(dtypes) == 2:
        with pytest.raises(RuntimeError, match=text):
            getattr(torch.nn.functional, name)(*map(torch.tensor, arrays))


def test_a_layer_refuses_an_input_of_another_dtype() -> None:
    same_error(
        lambda lib: lib.nn.Conv2d(2, 3, 3)(lib.ones(1, 2, 5, 5).float()),
        r"Input type \(float\) and bias type \(double\) should be the same",
    )


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_derivatives_of_convolutions_by_name(rank: int) -> None:
    x, kernel = numbers(2, 4, *[6] * rank), numbers(6, 2, *[3] * rank)
    options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    gradient = numbers(2, 6, *[3] * rank)
    for what, given in (("input", (x.shape, kernel)), ("weight", (x, kernel.shape))):
        found = []
        for library in (torch, wing):
            args = (library.tensor(a) if isinstance(a, np.ndarray) else a for a in given)
            function = getattr(library.nn.grad, f"conv{rank}d_{what}")
            found.append(function(*args, library.tensor(gradient), **options).numpy())
        np.testing.assert_allclose(found[1], found[0], rtol=1e-10, atol=1e-12)
