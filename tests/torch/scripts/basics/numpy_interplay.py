import copy
import pickle

import numpy as np
import torch

t = torch.ones(5)
n = t.numpy()
t.add_(1)
print(f"t: {t}\nn: {n}")
n = np.ones(5)
t = torch.from_numpy(n)
np.add(n, 1, out=n)
print(f"t: {t}\nn: {n}")
print(
    torch.as_tensor(n, dtype=torch.float32),
    torch.tensor(n).dtype,
    torch.tensor(np.float32(1.5)),
    torch.tensor(np.arange(3)),
)
print(
    np.array(torch.arange(4)),
    np.asarray(torch.ones(2)),
    torch.ones(2).__array__().dtype,
    np.mean(torch.ones(3).numpy()),
)
print(
    torch.from_numpy(np.array([[1, 2], [3, 4]], dtype=np.int32)),
    torch.Tensor(np.array([1, 2])),
    torch.FloatTensor([1, 2]),
    torch.LongTensor([1, 2]),
)
print(
    torch.tensor([np.float64(1.5), 2]),
    torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]),
    torch.stack([torch.tensor(i) for i in range(3)]),
)
x = torch.rand(2, 2, generator=torch.Generator().manual_seed(3))
print(x, copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.clone().detach())
torch.manual_seed(5)
state = torch.get_rng_state()
a = torch.rand(2)
torch.set_rng_state(state)
print(torch.equal(a, torch.rand(2)), torch.initial_seed())
with torch.random.fork_rng():
    torch.manual_seed(9)
    b = torch.rand(1)
print(b, torch.rand(1))
print(
    torch.normal(0.0, 1.0, size=(2, 2)),
    torch.normal(torch.zeros(3), torch.ones(3)),
    torch.bernoulli(torch.full((3,), 0.5)),
)
print(
    torch.empty(3).uniform_(-1, 1),
    torch.empty(3).normal_(2, 0.5),
    torch.randint(3, (2, 2)),
    torch.randn_like(x),
    torch.rand_like(x),
)
print(
    torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 2),
    torch.empty(2).exponential_(),
    torch.empty(2, dtype=torch.long).random_(10),
)
c = torch.complex(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0]))
print(
    c,
    c.abs(),
    c.real,
    c.conj(),
    torch.view_as_real(c),
    torch.fft.fft(torch.tensor([1.0, 0.0, 0.0, 0.0])).abs(),
)
s = torch.fft.rfft(torch.sin(torch.arange(8) * 2 * torch.pi / 8))
print(s.abs().round(decimals=3), torch.fft.irfft(s).round(decimals=3), torch.fft.fftfreq(4))
print(
    torch.bucketize(torch.tensor([0.5, 2.5]), torch.tensor([1.0, 2.0, 3.0])),
    torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([2, 5])),
)
print(
    torch.clamp(torch.tensor([-1.0, 5.0]), 0, 1),
    torch.lerp(torch.zeros(2), torch.ones(2), 0.25),
    torch.logical_and(torch.tensor([True, False]), torch.tensor([True, True])),
)
print(
    torch.rot90(torch.arange(4).view(2, 2)),
    torch.kron(torch.eye(2), torch.ones(1, 2)),
    torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4])),
)
print(
    torch.combinations(torch.arange(3)),
    torch.block_diag(torch.ones(1, 2), torch.ones(1, 1)),
    torch.vander(torch.tensor([1, 2, 3])),
    torch.trapezoid(torch.tensor([1.0, 2.0, 3.0])),
)
print(
    torch.isclose(torch.tensor([1.0]), torch.tensor([1.0001])),
    torch.any(torch.tensor([False, True])),
    torch.all(torch.tensor([1, 1])),
    torch.count_nonzero(torch.tensor([0, 1, 2])),
)
print(
    torch.take(torch.arange(6).view(2, 3), torch.tensor([0, 5])),
    torch.swapaxes(torch.ones(2, 3), 0, 1).shape,
    torch.broadcast_to(torch.arange(2), (2, 2)),
    torch.atleast_2d(torch.tensor(1)),
)
