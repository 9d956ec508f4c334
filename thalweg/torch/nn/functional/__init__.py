"""The functions that layers apply: PyTorch's names, arguments and numbers.

>>> import thalweg.torch as torch
>>> from thalweg.torch.nn import functional as F
>>> F.relu(torch.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from thalweg.torch.functions.vectors import pdist
from thalweg.torch.functions.windows import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from thalweg.torch.functions.windows import conv1d as conv1d
from thalweg.torch.functions.windows import conv2d as conv2d
from thalweg.torch.functions.windows import conv_transpose1d as conv_transpose1d
from thalweg.torch.functions.windows import conv_transpose2d as conv_transpose2d
from thalweg.torch.functions.windows import fold as fold
from thalweg.torch.functions.windows import unfold as unfold
from thalweg.torch.nn.functional.activation import *
from thalweg.torch.nn.functional.attention import *
from thalweg.torch.nn.functional.classification import *
from thalweg.torch.nn.functional.dropout import *
from thalweg.torch.nn.functional.heads import *
from thalweg.torch.nn.functional.linear import *
from thalweg.torch.nn.functional.losses import *
from thalweg.torch.nn.functional.normalization import *
from thalweg.torch.nn.functional.vision import *
