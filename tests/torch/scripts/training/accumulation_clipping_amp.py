import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.benchmark = True
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3)).to(device)
loader = DataLoader(
    TensorDataset(torch.randn(48, 4), torch.randint(0, 3, (48,))), batch_size=6, shuffle=True
)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler(device, enabled=False)
accumulation_steps = 4
optimizer.zero_grad(set_to_none=True)
for epoch in range(2):
    for i, (inputs, targets) in enumerate(loader):
        inputs, targets = (
            inputs.to(device, non_blocking=True),
            targets.to(device, non_blocking=True),
        )
        with torch.autocast(device_type=device, dtype=torch.float16, enabled=False):
            loss = criterion(model(inputs), targets) / accumulation_steps
        scaler.scale(loss).backward()
        if (i + 1) % accumulation_steps == 0 or i + 1 == len(loader):
            scaler.unscale_(optimizer)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=True)
            print(
                f"epoch {epoch} step {i} loss {loss.item() * accumulation_steps:.4f} grad norm {norm:.4f}"
            )
loss = criterion(model(inputs), targets)
loss.backward()
nn.utils.clip_grad_value_(model.parameters(), 0.01)
print(max(p.grad.abs().max().item() for p in model.parameters()))
total_norm = torch.norm(
    torch.stack([torch.norm(p.grad.detach(), 2) for p in model.parameters()]), 2
)
print("total norm", total_norm)
flat = nn.utils.parameters_to_vector(model.parameters())
print(flat.shape, scaler.get_scale(), scaler.is_enabled())
nn.utils.vector_to_parameters(torch.zeros_like(flat), model.parameters())
print(model[0].weight.sum().item(), next(model.parameters()).device)
