import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, stack_module_state
from torch.func import vmap

torch.manual_seed(0)


class SimpleMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 12)
        self.fc2 = nn.Linear(12, 10)

    def forward(self, x):
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


num_models = 5
data = torch.randn(5, 8, 1, 4, 4)
targets = torch.randint(10, (8,))
models = [SimpleMLP() for _ in range(num_models)]
minibatches = data[:num_models]
predictions_diff = [model(minibatch) for model, minibatch in zip(models, minibatches)]
minibatch = data[0]
predictions2 = [model(minibatch) for model in models]
params, buffers = stack_module_state(models)
print({k: tuple(v.shape) for k, v in params.items()}, buffers)
base_model = copy.deepcopy(models[0])
base_model = base_model.to("meta")


def fmodel(params, buffers, x):
    return functional_call(base_model, (params, buffers), (x,))


predictions1_vmap = vmap(fmodel)(params, buffers, minibatches)
print(
    predictions1_vmap.shape,
    torch.allclose(predictions1_vmap, torch.stack(predictions_diff), atol=1e-3, rtol=1e-5),
)
predictions2_vmap = vmap(fmodel, in_dims=(0, 0, None))(params, buffers, minibatch)
print(torch.allclose(predictions2_vmap, torch.stack(predictions2), atol=1e-3, rtol=1e-5))


def loss(params, x, y):
    return F.cross_entropy(fmodel(params, {}, x), y)


params = {k: v.detach() for k, v in params.items()}
for step in range(4):
    grads = vmap(grad(loss), in_dims=(0, None, None))(params, minibatch, targets)
    params = {k: p - 0.5 * grads[k] for k, p in params.items()}
    print(step, vmap(loss, in_dims=(0, None, None))(params, minibatch, targets))
probs = vmap(fmodel, in_dims=(0, 0, None))(params, buffers, minibatch).softmax(-1).mean(0)
print((probs.argmax(-1) == targets).float().mean(), -(probs * probs.log()).sum(-1).mean())
dropped = vmap(lambda x: F.dropout(x, 0.5), randomness="different")(torch.ones(3, 8))
print(dropped.shape, sorted(dropped.unique().tolist()))
