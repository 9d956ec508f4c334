import torch
from torch import nn

torch.manual_seed(0)


class ViT(nn.Module):
    def __init__(self, image_size=8, patch_size=4, dim=16, depth=2, heads=4, num_classes=3):
        super().__init__()
        self.patch_size = patch_size
        num_patches = (image_size // patch_size) ** 2
        self.to_patch = nn.Conv2d(3, dim, kernel_size=patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embedding = nn.Parameter(torch.randn(1, num_patches + 1, dim) * 0.02)
        layer = nn.TransformerEncoderLayer(
            d_model=dim,
            nhead=heads,
            dim_feedforward=32,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.transformer = nn.TransformerEncoder(
            layer, num_layers=depth, enable_nested_tensor=False
        )
        self.mlp_head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, num_classes))
        nn.init.trunc_normal_(self.cls_token, std=0.02)

    def forward(self, img):
        x = self.to_patch(img).flatten(2).transpose(1, 2)
        b, n, _ = x.shape
        cls_tokens = self.cls_token.expand(b, -1, -1)
        x = torch.cat((cls_tokens, x), dim=1)
        x += self.pos_embedding[:, : n + 1]
        x = self.transformer(x)
        return self.mlp_head(x[:, 0])


model = ViT()
print(model)
imgs, labels = torch.randn(12, 3, 8, 8), torch.arange(12) % 3
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    logits = model(imgs)
    loss = criterion(logits, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(f"{epoch}: {loss.item():.4f} {scheduler.get_last_lr()[0]:.6f}")
probs = logits.softmax(dim=-1)
print(probs[:3], probs.topk(2, dim=1).indices[:3])
print(len(list(model.parameters())), model.cls_token.shape)
