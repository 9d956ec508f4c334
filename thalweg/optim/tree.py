"""Functions of whole trees under Optax's names: what arithmetic is to arrays.

>>> import thalweg as tw
>>> tw.optim.tree.add_scale({"w": 1.0}, 0.5, {"w": 4.0})
{'w': np.float64(3.0)}
"""

from thalweg.optim.tree_utils import arithmetic, casting, drawing, states

add = arithmetic.tree_add
add_scale = arithmetic.tree_add_scale
allclose = arithmetic.tree_allclose
batch_shape = arithmetic.tree_batch_shape
bias_correction = arithmetic.tree_bias_correction
clip = arithmetic.tree_clip
conj = arithmetic.tree_conj
div = arithmetic.tree_div
full_like = arithmetic.tree_full_like
max = arithmetic.tree_max
min = arithmetic.tree_min
mul = arithmetic.tree_mul
norm = arithmetic.tree_norm
ones_like = arithmetic.tree_ones_like
real = arithmetic.tree_real
scale = arithmetic.tree_scale
size = arithmetic.tree_size
sub = arithmetic.tree_sub
sum = arithmetic.tree_sum
update_infinity_moment = arithmetic.tree_update_infinity_moment
update_moment = arithmetic.tree_update_moment
update_moment_per_elem_norm = arithmetic.tree_update_moment_per_elem_norm
vdot = arithmetic.tree_vdot
where = arithmetic.tree_where
zeros_like = arithmetic.tree_zeros_like

cast = casting.tree_cast
cast_like = casting.tree_cast_like
dtype = casting.tree_dtype

random_like = drawing.tree_random_like
split_key_like = drawing.tree_split_key_like
unwrap_random_key_data = drawing.tree_unwrap_random_key_data

get = states.tree_get
get_all_with_path = states.tree_get_all_with_path
map_params = states.tree_map_params
set = states.tree_set

__all__ = [
    "add", "add_scale", "allclose", "batch_shape", "bias_correction", "cast", "cast_like",
    "clip", "conj", "div", "dtype", "full_like", "get", "get_all_with_path", "map_params",
    "max", "min", "mul", "norm", "ones_like", "random_like", "real", "scale", "set", "size",
    "split_key_like", "sub", "sum", "unwrap_random_key_data", "update_infinity_moment",
    "update_moment", "update_moment_per_elem_norm", "vdot", "where", "zeros_like",
]  # fmt: skip
