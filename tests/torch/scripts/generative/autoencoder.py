import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class ConvAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(4, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 12, 3),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(12, 8, 3),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


def add_noise(img):
    noise = torch.randn(img.size()) * 0.2
    return (img + noise).clamp(0, 1)


model = ConvAutoencoder()
print(model)
imgs = torch.rand(16, 1, 12, 12).round()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-5)
criterion = nn.MSELoss()
outputs = []
for epoch in range(5):
    noisy = add_noise(imgs)
    recon = model(noisy)
    loss = criterion(recon, imgs)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    outputs.append((epoch, imgs, recon))
    print(f"Epoch:{epoch + 1}, Loss:{loss.item():.4f}, L1:{F.l1_loss(recon, imgs):.4f}")
psnr = 10 * torch.log10(1 / F.mse_loss(recon, imgs))
print("PSNR", psnr.item(), model.encoder(imgs).shape, outputs[-1][2].shape)
up = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2))
print(
    up(imgs[:1]).shape,
    F.interpolate(imgs[:1], scale_factor=0.5, mode="bilinear", align_corners=False).sum(),
)
print(
    F.interpolate(imgs[:1], size=(24, 24), mode="nearest").mean(),
    F.pad(imgs[:1], (1, 1, 2, 2), mode="replicate").shape,
)
