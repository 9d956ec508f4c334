"""The lecture's second half: `import thalweg.torch as torch`.

You learn tensors and what is written into them, the tape and its gradients, a regression by
`backward()`, and the same with a module and an optimizer: PyTorch's names, line by line.
"""

import numpy as np
from sklearn.datasets import make_regression

import thalweg.torch as torch


def tensors():
    """Share memory with NumPy, write in place, change shapes."""
    a = torch.from_numpy(np.eye(3))
    a.add_(torch.ones(3, 3)).mul_(2)
    x = torch.zeros(3, 2)
    y = x.view(2, 3)  # the same memory
    x.fill_(1)
    print(a)
    print(y)
    return y.sum().item()


def autograd():
    """Differentiate, by the tape and as a function."""
    x = torch.linspace(2, 1, steps=11, requires_grad=True)
    y = torch.linspace(1, 2, steps=11, requires_grad=True)
    z = torch.log(x * y)
    print(z.grad_fn.name(), "after", z.grad_fn.next_functions[0][0].name())
    z.sum().backward()

    def f(x, y):
        return 3 * x + 1 + 2 * y**2 + x * y

    at = (torch.tensor([0.0]), torch.tensor([1.0]))
    print("jacobian", torch.autograd.functional.jacobian(f, at))
    print("hessian", torch.autograd.functional.hessian(f, at))
    return y.grad


class Model(torch.nn.Module):
    """A linear regression."""

    def __init__(self, k):
        super().__init__()
        self.beta = torch.nn.Parameter(torch.zeros(k, dtype=torch.float64))

    def forward(self, X):
        """Return the predictions."""
        return X @ self.beta


def training_loop(model, X, y, optimizer, n=30):
    """Make n steps of an optimizer that holds the model's parameters; return the losses."""
    losses = []
    for _ in range(n):
        loss = (model(X) - y).pow(2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def main():
    """Print what the slides print and return some of it."""
    ones, slopes = tensors(), autograd()
    X, y = make_regression(
        n_samples=10000, n_features=20, n_informative=4, bias=3, noise=1, random_state=1234
    )
    X, y = torch.from_numpy(np.c_[np.ones(len(y)), X]), torch.from_numpy(y)
    beta = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    for _ in range(31):
        loss = (X @ beta - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            beta -= 1e-5 * beta.grad
            beta.grad = None
    model = Model(X.shape[1])
    losses = training_loop(model, X, y, torch.optim.SGD(model.parameters(), lr=1e-5))
    print(f"by hand {loss.item():.4f}, by a module and SGD {losses[-1]:.4f}")
    return {"ones": ones, "slopes": slopes, "by hand": loss.item(), "module": losses[-1]}


if __name__ == "__main__":
    main()
