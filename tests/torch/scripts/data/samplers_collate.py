import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
)

torch.manual_seed(3)


class Squares(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return torch.tensor([float(i), float(i) ** 2]), i % 3


class BalancedBatches(Sampler):
    def __init__(self, labels, k):
        self.labels, self.k = torch.as_tensor(labels), k

    def __iter__(self):
        groups = [torch.nonzero(self.labels == c).flatten() for c in self.labels.unique()]
        for _ in range(len(self)):
            yield torch.cat([g[torch.randperm(len(g))[: self.k]] for g in groups]).tolist()

    def __len__(self):
        return len(self.labels) // (3 * self.k)


def pad_collate(batch):
    xs, ys = zip(*batch)
    return (
        torch.nn.utils.rnn.pad_sequence(xs, batch_first=True),
        torch.tensor(ys),
        [len(x) for x in xs],
    )


ds = Squares(12)
print(list(SequentialSampler(ds))[:4], list(RandomSampler(ds))[:4])
print(list(BatchSampler(SequentialSampler(range(7)), batch_size=3, drop_last=False)))
for x, label in DataLoader(ds, batch_sampler=BalancedBatches([i % 3 for i in range(12)], 2)):
    print(x[:, 0].int().tolist(), label)
print(list(RandomSampler(range(3), replacement=True, num_samples=6)))
both = ConcatDataset([Squares(3), Subset(Squares(10), [7, 9])])
print(len(both), both[4], [x[0].item() for x, _ in both])
print(len(Squares(2) + Squares(3)))
varied = [(torch.ones(n), n) for n in (2, 3, 1)]
for batch in DataLoader(varied, batch_size=3, collate_fn=pad_collate):
    print(batch)
print(
    default_collate([{"a": 1, "b": [1.5, 2]}, {"a": 2, "b": [2.5, 3]}]), default_collate(["x", "y"])
)
it = iter(
    DataLoader(TensorDataset(torch.arange(5), torch.arange(5) * 2), batch_size=2, drop_last=True)
)
features, labels = next(it)
print(features, labels, len(list(it)))
try:
    next(it)
except StopIteration:
    print("StopIteration")
try:
    for _ in DataLoader([(torch.ones(2),), (torch.ones(3),)], batch_size=2):
        pass
except RuntimeError as e:
    print("RuntimeError:", str(e)[:77])
try:
    TensorDataset(torch.ones(2), torch.ones(3))
except AssertionError as e:
    print("AssertionError:", str(e)[:29])
try:
    DataLoader(ds, shuffle=True, sampler=SequentialSampler(ds))
except ValueError as e:
    print("ValueError:", str(e)[:49])
mean = sum(x.sum(0) for x, _ in DataLoader(ds, batch_size=5)) / len(ds)
print(mean)
