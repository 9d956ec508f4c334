"""Modules: layers, models made of them, and their parameters."""

from thalweg.torch.nn import fitting, functional, grad, init, modules, parallel, utils
from thalweg.torch.nn.functional_call import *
from thalweg.torch.nn.modules.activation import *
from thalweg.torch.nn.modules.adaptive import *
from thalweg.torch.nn.modules.batchnorm import *
from thalweg.torch.nn.modules.container import *
from thalweg.torch.nn.modules.distance import *
from thalweg.torch.nn.modules.dropout import *
from thalweg.torch.nn.modules.flatten import *
from thalweg.torch.nn.modules.images.arranging import *
from thalweg.torch.nn.modules.images.conv import *
from thalweg.torch.nn.modules.images.padding import *
from thalweg.torch.nn.modules.images.pooling import *
from thalweg.torch.nn.modules.images.upsampling import *
from thalweg.torch.nn.modules.lazy import *
from thalweg.torch.nn.modules.linear import *
from thalweg.torch.nn.modules.loss import *
from thalweg.torch.nn.modules.module import *
from thalweg.torch.nn.modules.normalization import *
from thalweg.torch.nn.modules.sequences.attention import *
from thalweg.torch.nn.modules.sequences.recurrent import *
from thalweg.torch.nn.modules.sequences.recurrent_cells import *
from thalweg.torch.nn.modules.sequences.transformer import *
from thalweg.torch.nn.modules.sparse import *
from thalweg.torch.nn.parallel import DataParallel as DataParallel
from thalweg.torch.nn.parameter import *
