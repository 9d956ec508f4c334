"""PyTorch's convention: any gradient transformation as a `torch.optim.Optimizer`.

`Optimizer` is `TransformationOptimizer` under the name PyTorch has for such classes.
"""

from thalweg.bridges.torch.optimizer import TransformationOptimizer as Optimizer

__all__ = ["Optimizer"]
