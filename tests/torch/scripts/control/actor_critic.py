from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical, Normal

torch.manual_seed(1)
SavedAction = namedtuple("SavedAction", ["log_prob", "value"])


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(4, 16)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)
        self.saved_actions = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


model = Policy()
optimizer = optim.Adam(model.parameters(), lr=3e-2)
eps = torch.finfo(torch.float32).eps
print(eps)


def select_action(state):
    probs, state_value = model(state)
    m = Categorical(probs)
    action = m.sample()
    model.saved_actions.append(SavedAction(m.log_prob(action), state_value))
    return action.item(), m.entropy()


def finish_episode():
    R, policy_losses, value_losses, returns = 0, [], [], []
    for r in model.rewards[::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    for (log_prob, value), R in zip(model.saved_actions, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    loss.backward()
    optimizer.step()
    del model.rewards[:]
    del model.saved_actions[:]
    return loss


for i_episode in range(5):
    state, ep_reward = torch.zeros(4), 0
    for t in range(1, 12):
        action, entropy = select_action(state)
        state = 0.9 * state
        state[action] += 0.3
        reward = (state[1] - state[0]).item()
        model.rewards.append(reward)
        ep_reward += reward
    loss = finish_episode()
    print(
        f"Episode {i_episode}\tLast reward: {ep_reward:.2f}\tloss {loss:.4f}\tentropy {entropy.item():.4f}"
    )
mu, log_std = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
dist = Normal(mu, log_std.exp())
action = dist.rsample()
logp = dist.log_prob(action).sum(-1) - torch.log(1 - torch.tanh(action).pow(2) + 1e-6).sum(-1)
logp.backward()
print(logp.item(), mu.grad, log_std.grad)
