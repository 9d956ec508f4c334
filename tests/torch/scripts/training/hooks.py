import torch
import torch.nn as nn

torch.manual_seed(0)
activation = {}
grads = {}


def get_activation(name):
    def hook(model, input, output):
        activation[name] = output.detach()

    return hook


model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
handles = [layer.register_forward_hook(get_activation(f"{i}")) for i, layer in enumerate(model)]
model[0].register_forward_pre_hook(lambda m, inp: print("pre", m, inp[0].shape))
model[2].register_full_backward_hook(
    lambda m, gi, go: grads.update(inp=gi[0].norm(), out=go[0].norm())
)
x = torch.randn(3, 4)
out = model(x)
out.sum().backward()
for k, v in activation.items():
    print(k, v.shape, f"{v.mean():.4f}", f"{(v == 0).float().mean():.3f}")
print({k: round(v.item(), 4) for k, v in grads.items()})
for h in handles:
    h.remove()
activation.clear()
model(x)
print(activation)

v = torch.tensor([0.0, 0.0, 0.0], requires_grad=True)
h = v.register_hook(lambda grad: grad * 2)
v.backward(torch.tensor([1.0, 2.0, 3.0]))
print(v.grad)
h.remove()
w = v * 2
w.retain_grad()
w.sum().backward()
print(w.grad, v.grad)

feature_norms = []
for name, p in model.named_parameters():
    p.register_hook(lambda g, name=name: feature_norms.append((name, round(g.norm().item(), 4))))
nn.MSELoss()(model(x), torch.zeros(3, 2)).backward()
print(sorted(feature_norms))


def init_weights(m):
    if type(m) == nn.Linear:
        torch.nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)


net = model.apply(init_weights)
print(net[0].bias)
for name, module in net.named_modules():
    print(repr(name), type(module).__name__)
for idx, child in enumerate(net.children()):
    print(idx, "->", child)


class CAM(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(1, 3, 3, padding=1)
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        f = self.features(x)
        self.gradients = None
        f.register_hook(lambda g: setattr(self, "gradients", g))
        return self.head(f.mean(dim=[2, 3])), f


cam = CAM()
pred, f = cam(torch.rand(1, 1, 5, 5))
pred[:, pred.argmax(dim=1)].backward()
pooled = torch.mean(cam.gradients, dim=[0, 2, 3])
heat = torch.mean(f.detach() * pooled[None, :, None, None], dim=1).squeeze().clamp(min=0)
print(pooled, heat.shape, heat.max())
