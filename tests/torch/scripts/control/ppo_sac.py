import copy

import numpy as np
import torch
import torch.nn as nn
from torch.distributions import (
    Categorical,
    Independent,
    Normal,
    TanhTransform,
    TransformedDistribution,
)

torch.manual_seed(0)
np.random.seed(0)


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(
            layer_init(nn.Linear(4, 16)), nn.Tanh(), layer_init(nn.Linear(16, 1), std=1.0)
        )
        self.actor = nn.Sequential(
            layer_init(nn.Linear(4, 16)), nn.Tanh(), layer_init(nn.Linear(16, 2), std=0.01)
        )

    def get_action_and_value(self, x, action=None):
        probs = Categorical(logits=self.actor(x))
        if action is None:
            action = probs.sample()
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


agent = Agent()
optimizer = torch.optim.Adam(agent.parameters(), lr=2.5e-4, eps=1e-5)
T = 32
obs, rewards, dones = torch.randn(T, 4), torch.zeros(T), torch.zeros(T)
with torch.no_grad():
    actions, logprobs, _, values = agent.get_action_and_value(obs)
    values = values.flatten()
rewards = (actions == (obs[:, 0] > 0).long()).float()
dones[::8] = 1.0
advantages = torch.zeros_like(rewards)
lastgaelam = 0
for t in reversed(range(T)):
    nextnonterminal = 1.0 - dones[t]
    nextvalue = values[t + 1] if t < T - 1 else values[t]
    delta = rewards[t] + 0.99 * nextvalue * nextnonterminal - values[t]
    advantages[t] = lastgaelam = delta + 0.99 * 0.95 * nextnonterminal * lastgaelam
returns = advantages + values
clipfracs, b_inds = [], np.arange(T)
for epoch in range(3):
    np.random.shuffle(b_inds)
    for start in range(0, T, 16):
        mb_inds = b_inds[start : start + 16]
        _, newlogprob, entropy, newvalue = agent.get_action_and_value(
            obs[mb_inds], actions.long()[mb_inds]
        )
        logratio = newlogprob - logprobs[mb_inds]
        ratio = logratio.exp()
        with torch.no_grad():
            approx_kl = ((ratio - 1) - logratio).mean()
            clipfracs += [((ratio - 1.0).abs() > 0.2).float().mean().item()]
        mb_adv = advantages[mb_inds]
        mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)
        pg_loss = torch.max(-mb_adv * ratio, -mb_adv * torch.clamp(ratio, 0.8, 1.2)).mean()
        v_loss = 0.5 * ((newvalue.view(-1) - returns[mb_inds]) ** 2).mean()
        loss = pg_loss - 0.01 * entropy.mean() + 0.5 * v_loss
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
        optimizer.step()
    print(
        f"epoch {epoch} loss {loss.item():.4f} v {v_loss.item():.4f} clipped {np.mean(clipfracs):.2f}"
    )
y_pred, y_true = values.cpu().numpy(), returns.cpu().numpy()
print(
    "explained variance %.4f" % (1 - np.var(y_true - y_pred) / np.var(y_true)),
    approx_kl.item() < 0.1,
)


q1 = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
q1_target = copy.deepcopy(q1)
policy = nn.Linear(4, 4)
log_alpha = torch.zeros(1, requires_grad=True)
opts = [torch.optim.Adam(p, lr=1e-3) for p in (q1.parameters(), policy.parameters(), [log_alpha])]
for step in range(3):
    mean, log_std = policy(obs).chunk(2, dim=-1)
    log_std = torch.clamp(log_std, -5, 2)
    dist = TransformedDistribution(Normal(mean, log_std.exp()), [TanhTransform(cache_size=1)])
    act = dist.rsample()
    logp = dist.log_prob(act).sum(-1, keepdim=True)
    pi_loss = (log_alpha.exp().detach() * logp - q1(torch.cat([obs, act], 1))).mean()
    opts[1].zero_grad()
    pi_loss.backward()
    opts[1].step()
    q_loss = nn.functional.mse_loss(
        q1(torch.cat([obs, act.detach()], 1)),
        rewards.unsqueeze(1) + 0.9 * q1_target(torch.cat([obs, act.detach()], 1)).detach(),
    )
    opts[0].zero_grad()
    q_loss.backward()
    opts[0].step()
    alpha_loss = -(log_alpha * (logp.detach() - 2)).mean()
    opts[2].zero_grad()
    alpha_loss.backward()
    opts[2].step()
    for p, tp in zip(q1.parameters(), q1_target.parameters()):
        tp.data.lerp_(p.data, 0.005)
    print(
        f"{step} pi {pi_loss.item():.4f} q {q_loss.item():.4f} alpha {log_alpha.exp().item():.5f}"
    )
print(
    Independent(Normal(torch.zeros(3, 2), torch.ones(3, 2)), 1).log_prob(torch.zeros(3, 2)),
    agent.actor[2].weight.shape,
)
