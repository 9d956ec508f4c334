"""PyTorch's `torch.distributions`: probability distributions, transforms and divergences."""

from thalweg.torch.distributions import constraint_registry, constraints, kl, transforms, utils
from thalweg.torch.distributions.combined.independent import *
from thalweg.torch.distributions.combined.transformed import *
from thalweg.torch.distributions.constraint_registry import biject_to, transform_to
from thalweg.torch.distributions.continuous.normal import *
from thalweg.torch.distributions.continuous.positive import *
from thalweg.torch.distributions.continuous.shares import *
from thalweg.torch.distributions.continuous.symmetric import *
from thalweg.torch.distributions.continuous.tails import *
from thalweg.torch.distributions.continuous.uniform import *
from thalweg.torch.distributions.discrete.binary import *
from thalweg.torch.distributions.discrete.categorical import *
from thalweg.torch.distributions.discrete.continuous_bernoulli import *
from thalweg.torch.distributions.discrete.counts import *
from thalweg.torch.distributions.discrete.relaxed import *
from thalweg.torch.distributions.distribution import *
from thalweg.torch.distributions.kl import kl_divergence, register_kl
from thalweg.torch.distributions.mixture import *
from thalweg.torch.distributions.multivariate.matrices import *
from thalweg.torch.distributions.multivariate.normal import *
from thalweg.torch.distributions.paths import make_paths as _make_paths
from thalweg.torch.distributions.transforms import *

_make_paths(__name__, globals())
