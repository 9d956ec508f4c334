import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)


def double_conv(in_c, out_c):
    return nn.Sequential(
        nn.Conv2d(in_c, out_c, 3, padding=1),
        nn.GroupNorm(2, out_c),
        nn.LeakyReLU(0.1),
        nn.Conv2d(out_c, out_c, 3, padding=1),
        nn.GroupNorm(2, out_c),
        nn.LeakyReLU(0.1),
    )


class UNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.down1, self.down2 = double_conv(1, 4), double_conv(4, 8)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 4, kernel_size=2, stride=2)
        self.conv = double_conv(8, 4)
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.last = nn.Conv2d(12, n_classes, 1)

    def forward(self, x):
        c1 = self.down1(x)
        c2 = self.down2(self.pool(c1))
        u = self.up(c2)
        u = self.conv(torch.cat([u, c1], dim=1))
        return self.last(torch.cat([u, self.upsample(c2)], dim=1))


def dice_loss(pred, target, smooth=1.0):
    pred = torch.sigmoid(pred).contiguous()
    intersection = (pred * target).sum(dim=2).sum(dim=2)
    union = pred.sum(dim=2).sum(dim=2) + target.sum(dim=2).sum(dim=2)
    return (1 - (2.0 * intersection + smooth) / (union + smooth)).mean()


images = torch.rand(4, 1, 12, 12)
masks = (F.avg_pool2d(images, 3, stride=1, padding=1) > 0.5).float()
model = UNet(1)
print(sum(p.numel() for p in model.parameters()))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
bce = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0]))
for epoch in range(6):
    out = model(images)
    loss = bce(out, masks) + dice_loss(out, masks)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    scheduler.step(loss.item())
    print(f"epoch {epoch} loss {loss:.4f} lr {optimizer.param_groups[0]['lr']:.2e}")
pred = (torch.sigmoid(model(images)) > 0.5).float()
iou = (pred * masks).sum() / ((pred + masks) > 0).sum()
print("IoU", iou)
