import logging
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR
from torch.utils.data import DataLoader, TensorDataset


class AverageMeter(object):
    """Computes and stores the average and current value"""

    def __init__(self, name, fmt=":f"):
        self.name, self.fmt = name, fmt
        self.reset()

    def reset(self):
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count

    def __str__(self):
        return ("{name} {val" + self.fmt + "} ({avg" + self.fmt + "})").format(**self.__dict__)


@dataclass
class Config:
    lr: float = 0.02
    epochs: int = 3
    hidden: List[int] = field(default_factory=lambda: [16, 8])
    act: Callable[[], nn.Module] = nn.ReLU


class Trainer:
    def __init__(
        self,
        model: nn.Module,
        opt: Optimizer,
        sched: Optional[LRScheduler],
        loss_fn: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.model, self.opt, self.sched, self.loss_fn = model, opt, sched, loss_fn
        self.history: Dict[str, List[float]] = defaultdict(list)
        self.device = next(model.parameters()).device

    def step(self, batch: Tuple[Tensor, ...]) -> Tuple[float, int]:
        x, y = (t.to(self.device, non_blocking=True) for t in batch)
        logits = self.model(x)
        loss = self.loss_fn(logits, y)
        if self.model.training:
            self.opt.zero_grad(set_to_none=True)
            loss.backward()
            self.opt.step()
            if self.sched is not None:
                self.sched.step()
        return loss.detach().cpu().item(), int((logits.argmax(-1) == y).sum())

    def fit(self, train: DataLoader, val: DataLoader, epochs: int) -> None:
        for epoch in range(epochs):
            for name, loader in (("train", train), ("val", val)):
                self.model.train(name == "train")
                losses, hits = AverageMeter(name, ":.4f"), 0
                with torch.set_grad_enabled(name == "train"):
                    for batch in loader:
                        loss, correct = self.step(batch)
                        losses.update(loss, len(batch[0]))
                        hits += correct
                self.history[name].append(losses.avg)
                print(
                    f"epoch {epoch} {losses} acc {hits / len(loader.dataset):.2%} lr {self.opt.param_groups[0]['lr']:.5f}"
                )


def make(cfg: Config, d: int, k: int) -> nn.Sequential:
    sizes = [d] + cfg.hidden
    layers: List[nn.Module] = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), cfg.act(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], k))


def main():
    torch.manual_seed(0)
    start = time.time()
    cfg = Config()
    centers = torch.randn(3, 5) * 2
    y = torch.randint(0, 3, (120,))
    x = centers[y] + torch.randn(120, 5)
    train = DataLoader(TensorDataset(x[:90], y[:90]), batch_size=32, shuffle=True, pin_memory=False)
    val = DataLoader(TensorDataset(x[90:], y[90:]), batch_size=32)
    model = make(cfg, 5, 3)
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        (no_decay if p.ndim == 1 or name.endswith(".bias") else decay).append(p)
    opt = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}],
        lr=cfg.lr,
    )
    sched = OneCycleLR(opt, max_lr=cfg.lr, total_steps=cfg.epochs * len(train))
    trainer = Trainer(model, opt, sched, nn.CrossEntropyLoss(label_smoothing=0.05))
    trainer.fit(train, val, cfg.epochs)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pth")
        torch.save(model.state_dict(), path)
        other = make(cfg, 5, 3)
        print(other.load_state_dict(torch.load(path, weights_only=True)))
    other.eval()
    model.eval()
    with torch.inference_mode():
        print(
            torch.allclose(model(x), other(x)),
            {k: [round(v, 3) for v in vs] for k, vs in trainer.history.items()},
        )
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    for t, p in zip(y.view(-1), model(x).argmax(1).view(-1)):
        confusion[t.long(), p.long()] += 1
    print(confusion, confusion.diag() / confusion.sum(1))
    logging.getLogger(__name__).debug("took %s", time.time() - start)


if __name__ == "__main__":
    main()
