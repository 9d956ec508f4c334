"""The functions that layers apply: PyTorch's names, arguments and numbers.

>>> import thalweg as tw
>>> from thalweg.nn import functional as F
>>> F.relu(tw.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from thalweg.nn.functional.activations import *
from thalweg.nn.functional.activations import __all__ as _activations
from thalweg.nn.functional.classification import *
from thalweg.nn.functional.classification import __all__ as _classification
from thalweg.nn.functional.distances import *
from thalweg.nn.functional.distances import __all__ as _distances
from thalweg.nn.functional.dropping import *
from thalweg.nn.functional.dropping import __all__ as _dropping
from thalweg.nn.functional.linear import *
from thalweg.nn.functional.linear import __all__ as _linear
from thalweg.nn.functional.margins import *
from thalweg.nn.functional.margins import __all__ as _margins
from thalweg.nn.functional.normalizing import *
from thalweg.nn.functional.normalizing import __all__ as _normalizing
from thalweg.nn.functional.padding import *
from thalweg.nn.functional.padding import __all__ as _padding
from thalweg.nn.functional.pooling import *
from thalweg.nn.functional.pooling import __all__ as _pooling
from thalweg.nn.functional.rectifiers import *
from thalweg.nn.functional.rectifiers import __all__ as _rectifiers
from thalweg.nn.functional.regression import *
from thalweg.nn.functional.regression import __all__ as _regression
from thalweg.ops.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from thalweg.ops.folding import fold, unfold
from thalweg.ops.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d

__all__ = [
    "avg_pool1d", "avg_pool2d", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "fold",
    "max_pool1d", "max_pool2d", "unfold",
]  # fmt: skip
__all__ += _activations
__all__ += _classification
__all__ += _distances
__all__ += _dropping
__all__ += _linear
__all__ += _margins
__all__ += _normalizing
__all__ += _padding
__all__ += _pooling
__all__ += _rectifiers
__all__ += _regression
