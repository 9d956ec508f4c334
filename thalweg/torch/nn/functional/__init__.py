"""The functions that layers apply: PyTorch's names, arguments and numbers.

>>> import thalweg.torch as torch
>>> from thalweg.torch.nn import functional as F
>>> F.relu(torch.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from thalweg.torch.functions.pooling import adaptive_max_pool1d as adaptive_max_pool1d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices,
)
from thalweg.torch.functions.pooling import adaptive_max_pool2d as adaptive_max_pool2d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices,
)
from thalweg.torch.functions.pooling import adaptive_max_pool3d as adaptive_max_pool3d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices,
)
from thalweg.torch.functions.pooling import avg_pool3d as avg_pool3d
from thalweg.torch.functions.pooling import fractional_max_pool2d as fractional_max_pool2d
from thalweg.torch.functions.pooling import (
    fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices,
)
from thalweg.torch.functions.pooling import fractional_max_pool3d as fractional_max_pool3d
from thalweg.torch.functions.pooling import (
    fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices,
)
from thalweg.torch.functions.pooling import lp_pool1d as lp_pool1d
from thalweg.torch.functions.pooling import lp_pool2d as lp_pool2d
from thalweg.torch.functions.pooling import lp_pool3d as lp_pool3d
from thalweg.torch.functions.pooling import max_pool1d_with_indices as max_pool1d_with_indices
from thalweg.torch.functions.pooling import max_pool2d_with_indices as max_pool2d_with_indices
from thalweg.torch.functions.pooling import max_pool3d_with_indices as max_pool3d_with_indices
from thalweg.torch.functions.pooling import max_unpool1d as max_unpool1d
from thalweg.torch.functions.pooling import max_unpool2d as max_unpool2d
from thalweg.torch.functions.pooling import max_unpool3d as max_unpool3d
from thalweg.torch.functions.short.windows import avg_pool1d as avg_pool1d
from thalweg.torch.functions.short.windows import avg_pool2d as avg_pool2d
from thalweg.torch.functions.short.windows import max_pool1d as max_pool1d
from thalweg.torch.functions.short.windows import max_pool2d as max_pool2d
from thalweg.torch.functions.short.windows import max_pool3d as max_pool3d
from thalweg.torch.functions.vectors import pdist
from thalweg.torch.functions.windows import conv1d as conv1d
from thalweg.torch.functions.windows import conv2d as conv2d
from thalweg.torch.functions.windows import conv3d as conv3d
from thalweg.torch.functions.windows import conv_tbc as conv_tbc
from thalweg.torch.functions.windows import conv_transpose1d as conv_transpose1d
from thalweg.torch.functions.windows import conv_transpose2d as conv_transpose2d
from thalweg.torch.functions.windows import conv_transpose3d as conv_transpose3d
from thalweg.torch.functions.windows import fold as fold
from thalweg.torch.functions.windows import unfold as unfold
from thalweg.torch.nn.functional.activation import *
from thalweg.torch.nn.functional.attention import *
from thalweg.torch.nn.functional.classification import *
from thalweg.torch.nn.functional.ctc import *
from thalweg.torch.nn.functional.dropout import *
from thalweg.torch.nn.functional.embedding import *
from thalweg.torch.nn.functional.heads import *
from thalweg.torch.nn.functional.linear import *
from thalweg.torch.nn.functional.losses import *
from thalweg.torch.nn.functional.normalization import *
from thalweg.torch.nn.functional.sampling import *
from thalweg.torch.nn.functional.vision import *
