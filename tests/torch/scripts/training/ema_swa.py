import torch
import torch.nn as nn
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 3)
y = (X[:, :1] - X[:, 1:2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=16)
model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
swa_model = AveragedModel(model)
ema_model = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
manual_ema = {k: v.clone().detach() for k, v in model.state_dict().items()}
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
swa_start = 3
swa_scheduler = SWALR(optimizer, anneal_strategy="linear", anneal_epochs=2, swa_lr=0.05)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(7):
    for input, target in loader:
        optimizer.zero_grad()
        loss_fn(model(input), target).backward()
        optimizer.step()
        ema_model.update_parameters(model)
        with torch.no_grad():
            for k, v in model.state_dict().items():
                if v.dtype.is_floating_point:
                    manual_ema[k].mul_(0.9).add_(v, alpha=0.1)
                else:
                    manual_ema[k].copy_(v)
    if epoch > swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    print(epoch, f"{optimizer.param_groups[0]['lr']:.4f}", loss_fn(model(X), y).item())
update_bn(loader, swa_model)
for m in (model, swa_model, ema_model):
    m.eval()
    with torch.no_grad():
        print(f"{m.__class__.__name__} {loss_fn(m(X), y):.4f}")
print(swa_model.n_averaged, manual_ema["0.bias"], list(swa_model.state_dict())[:3])
print(swa_model)
