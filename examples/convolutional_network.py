"""A convolutional network for 8×8 digits, written as PyTorch's users write it.

You learn a module of layers, a loader, the loop of `zero_grad`, `backward` and `step`; and that
`tw.fit` trains the same model with the same loss natively, many times as fast.
"""

import time

import numpy as np
from sklearn.datasets import load_digits

import thalweg as tw
import thalweg.torch as torch
from thalweg.torch import nn
from thalweg.torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    """Two convolutions, each halving the image, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.second = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classify = nn.Linear(16 * 2 * 2, 10)

    def forward(self, images):
        """Return a score for each digit, shape (images, 10)."""
        return self.classify(torch.flatten(self.second(self.first(images)), 1))


def accuracy(model, images, labels):
    """Return the share of images whose best score is the right one."""
    model.eval()
    with torch.no_grad():
        scores = model(torch.from_numpy(images))
    model.train()
    return float(np.mean(scores.numpy().argmax(axis=1) == labels))


def train_by_hand(model, images, labels, epochs):
    """Run PyTorch's loop."""
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_of = nn.CrossEntropyLoss()
    data = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
    for _ in range(epochs):
        for batch, targets in DataLoader(data, batch_size=50, shuffle=True):
            optimizer.zero_grad()
            loss_of(model(batch), targets).backward()
            optimizer.step()


def main():
    """Train twice, each time anew; return the accuracy on the images left out."""
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    labels = digits.target.astype(np.int64)
    train, test = (images[:1300], labels[:1300]), (images[1300:], labels[1300:])

    torch.manual_seed(1)
    model = Net().float()
    begin = time.perf_counter()
    train_by_hand(model, *train, epochs=3)
    by_hand, seconds = accuracy(model, *test), time.perf_counter() - begin
    print(f"the loop: accuracy {by_hand:.3f} after 3 epochs in {seconds:.2f} s")

    torch.manual_seed(1)
    model = Net().float()
    fit = tw.fit(
        model,
        train,
        loss=nn.CrossEntropyLoss(),
        optimizer=tw.optim.adam(0.01),
        batch_size=50,
        epochs=30,
    )
    native = accuracy(model, *test)
    print(f"tw.fit:   accuracy {native:.3f} after 30 epochs in {fit.seconds:.2f} s")
    print(f"and {fit.compile_seconds:.2f} s to compile; {fit.us_per_step:.0f} µs a step")
    return {"by hand": by_hand, "native": native, "engine": fit.engine}


if __name__ == "__main__":
    main()
