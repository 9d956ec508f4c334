"""What acts on parameters from outside, and sequences of several lengths."""

from thalweg.torch.nn.utils import rnn
from thalweg.torch.nn.utils.clip_grad import *
from thalweg.torch.nn.utils.convert_parameters import *
