"""Parameters from outside: clipped, as one vector, computed, pruned; sequences packed."""

from thalweg.torch.nn.utils import parametrizations, parametrize, prune, rnn, stateless
from thalweg.torch.nn.utils.clip_grad import *
from thalweg.torch.nn.utils.convert_parameters import *
from thalweg.torch.nn.utils.fusion import *
from thalweg.torch.nn.utils.init import *
from thalweg.torch.nn.utils.memory_format import *
from thalweg.torch.nn.utils.spectral_norm import *
from thalweg.torch.nn.utils.weight_norm import *
