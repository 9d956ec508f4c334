"""A hidden Markov model by gradient descent on the forward algorithm; Viterbi; a Kalman filter."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical, Normal

torch.manual_seed(2)
T, K, V = 40, 3, 5

true_A = torch.tensor([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])
true_B = F.one_hot(torch.tensor([0, 2, 4]), V).float() * 0.8 + 0.2 / V
states, obs = [0], []
for t in range(T):
    obs.append(Categorical(probs=true_B[states[-1]]).sample())
    states.append(Categorical(probs=true_A[states[-1]]).sample().item())
obs, states = torch.stack(obs), torch.tensor(states[:-1])
print(obs.tolist())


class HMM(nn.Module):
    def __init__(self, n_states, n_symbols):
        super().__init__()
        self.start = nn.Parameter(torch.randn(n_states))
        self.trans = nn.Parameter(torch.randn(n_states, n_states))
        self.emit = nn.Parameter(torch.randn(n_states, n_symbols))

    def logs(self):
        return (
            self.start.log_softmax(0),
            self.trans.log_softmax(-1),
            self.emit.log_softmax(dim=-1),
        )

    def forward(self, x):
        pi, A, B = self.logs()
        alpha = pi + B[:, x[0]]
        for symbol in x[1:]:
            alpha = torch.logsumexp(alpha[:, None] + A, dim=0) + B[:, symbol]
        return alpha.logsumexp(-1)

    @torch.no_grad()
    def viterbi(self, x):
        pi, A, B = self.logs()
        delta, back = pi + B[:, x[0]], []
        for symbol in x[1:]:
            best = (delta.unsqueeze(1) + A).max(dim=0)
            delta = best.values + B[:, symbol]
            back.append(best.indices)
        path = [delta.argmax().item()]
        for pointers in reversed(back):
            path.insert(0, pointers[path[0]].item())
        return torch.tensor(path), delta.max()

    @torch.no_grad()
    def posterior(self, x):
        pi, A, B = self.logs()
        a, b = [pi + B[:, x[0]]], [torch.zeros_like(pi)]
        for s in x[1:]:
            a.append(torch.logsumexp(a[-1][:, None] + A, 0) + B[:, s])
        for s in x.flip(0)[:-1]:
            b.append(torch.logsumexp(A + B[:, s] + b[-1], dim=1))
        return torch.softmax(torch.stack(a) + torch.stack(b[::-1]), -1)


hmm = HMM(K, V)
optimizer = torch.optim.Rprop(hmm.parameters(), lr=0.05)
for it in range(16):
    optimizer.zero_grad()
    nll = -hmm(obs) / T
    nll.backward()
    optimizer.step()
    if it % 5 == 0:
        print(it, f"{nll:.4f}")
path, score = hmm.viterbi(obs)
print("score", score, torch.bincount(path, minlength=K))
gamma = hmm.posterior(obs)
print(gamma.shape, torch.allclose(gamma.sum(-1), torch.ones(T), atol=1e-5), gamma[:2])
confusion = torch.zeros(K, K, dtype=torch.int64)
confusion.index_put_((states, path), torch.ones(T, dtype=torch.int64), accumulate=True)
print(confusion, confusion.sum() == T)
H = torch.autograd.functional.hessian(lambda s: -torch.log_softmax(s, 0)[0], hmm.start.detach())
print(H, torch.linalg.eigvalsh(H).abs() < 1e3)

# Kalman filter whose noises are learnt through the likelihood.
torch.manual_seed(0)
truth = torch.cumsum(0.3 * torch.randn(60), 0)
seen = truth + 0.8 * torch.randn(60)
log_q, log_r = (torch.tensor(v, requires_grad=True) for v in (0.0, 0.0))


def filtered(y):
    mean, var, total, means = torch.zeros(()), torch.ones(()), 0.0, []
    for value in y:
        var = var + log_q.exp()
        s = var + log_r.exp()
        total = total + Normal(mean, s.sqrt()).log_prob(value)
        gain = var / s
        mean, var = mean + gain * (value - mean), (1 - gain) * var
        means.append(mean)
    return total, torch.stack(means)


lbfgs = torch.optim.LBFGS([log_q, log_r], max_iter=8, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = -filtered(seen)[0]
    loss.backward()
    return loss


for _ in range(2):
    print(f"{lbfgs.step(closure).item():.3f}")
print([round(math.sqrt(v.exp().item()), 3) for v in (log_q, log_r)])
error = (filtered(seen)[1].detach() - truth).square().mean().sqrt()
print(f"{error:.3f} against {(seen - truth).std(unbiased=False):.3f}")
