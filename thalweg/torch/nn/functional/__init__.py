"""The functions that layers apply: PyTorch's names, arguments and numbers.

>>> import thalweg.torch as torch
>>> from thalweg.torch.nn import functional as F
>>> F.relu(torch.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from thalweg.ops.torch.distances import pdist as pdist
from thalweg.ops.windows.convolution import *
from thalweg.ops.windows.folding import *
from thalweg.ops.windows.pooling import *
from thalweg.torch.nn.functional.activation import *
from thalweg.torch.nn.functional.attention import *
from thalweg.torch.nn.functional.classification import *
from thalweg.torch.nn.functional.distances import *
from thalweg.torch.nn.functional.dropout import *
from thalweg.torch.nn.functional.linear import *
from thalweg.torch.nn.functional.margins import *
from thalweg.torch.nn.functional.normalization import *
from thalweg.torch.nn.functional.padding import *
from thalweg.torch.nn.functional.pooling import *
from thalweg.torch.nn.functional.regression import *
from thalweg.torch.nn.functional.vision import *
