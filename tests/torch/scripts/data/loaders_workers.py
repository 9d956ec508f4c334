import numpy as np
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    WeightedRandomSampler,
    get_worker_info,
)


class FaceLandmarks(Dataset):
    def __init__(self, n, transform=None):
        self.images = np.arange(n * 12, dtype=np.uint8).reshape(n, 2, 2, 3)
        self.landmarks = np.linspace(0, 1, n * 4).reshape(n, 2, 2)
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        sample = {
            "image": self.images[idx],
            "landmarks": self.landmarks[idx],
            "name": f"img{idx}",
            "id": idx,
        }
        return self.transform(sample) if self.transform else sample


class ToTensor(object):
    def __call__(self, sample):
        image = sample["image"].transpose((2, 0, 1))
        return {
            **sample,
            "image": torch.from_numpy(image),
            "landmarks": torch.from_numpy(sample["landmarks"]),
        }


class Normalize(object):
    def __call__(self, sample):
        return {**sample, "image": sample["image"].float().div(255).sub_(0.5)}


class Compose(object):
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, x):
        for t in self.transforms:
            x = t(x)
        return x


class Stream(IterableDataset):
    def __init__(self, start, end):
        self.start, self.end = start, end

    def __iter__(self):
        info = get_worker_info()
        step, offset = (1, 0) if info is None else (info.num_workers, info.id)
        return iter(range(self.start + offset, self.end, step))


def worker_init_fn(worker_id):
    np.random.seed(torch.initial_seed() % 2**32 + worker_id)


def main():
    torch.manual_seed(0)
    dataset = FaceLandmarks(10, Compose([ToTensor(), Normalize()]))
    dataloader = DataLoader(
        dataset, batch_size=4, shuffle=True, num_workers=2, worker_init_fn=worker_init_fn
    )
    for i_batch, batch in enumerate(dataloader):
        print(
            i_batch,
            batch["image"].size(),
            batch["image"].dtype,
            batch["landmarks"].size(),
            batch["landmarks"].dtype,
        )
        print(batch["name"], batch["id"], f"{batch['image'].mean():.4f}")
    print(len(dataloader), len(dataloader.dataset), dataloader.batch_size)
    print([b.tolist() for b in DataLoader(Stream(0, 7), batch_size=2)])
    print(
        sorted(x for b in DataLoader(Stream(0, 7), batch_size=2, num_workers=2) for x in b.tolist())
    )
    targets = torch.tensor([0] * 16 + [1] * 4)
    class_sample_count = torch.tensor(
        [(targets == t).sum() for t in torch.unique(targets, sorted=True)]
    )
    weight = 1.0 / class_sample_count.float()
    sampler = WeightedRandomSampler(weight[targets], len(targets))
    drawn = targets[list(sampler)]
    print(class_sample_count, weight, drawn.float().mean(), list(sampler)[:5])
    g = torch.Generator()
    g.manual_seed(7)
    for epoch in range(2):
        print([b.tolist() for b in DataLoader(range(6), batch_size=3, shuffle=True, generator=g)])


if __name__ == "__main__":
    main()
