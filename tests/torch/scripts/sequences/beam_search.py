"""A tiny encoder-decoder that reverses strings; greedy, beam, top-k and nucleus decoding."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

torch.manual_seed(5)
PAD, BOS, EOS = 0, 1, 2
VOCAB = 8


def make(n, g):
    pairs = []
    for _ in range(n):
        size = int(torch.randint(2, 5, (1,), generator=g))
        s = torch.randint(3, VOCAB, (size,), generator=g)
        pairs.append((s, torch.cat([torch.tensor([BOS]), s.flip(0), torch.tensor([EOS])])))
    return pairs


class Model(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d, padding_idx=PAD)
        self.enc = nn.GRU(d, d, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * d, d)
        self.dec = nn.GRUCell(d, d)
        self.attn = nn.Linear(d, 2 * d, bias=False)
        self.out = nn.Linear(3 * d, VOCAB)

    def encode(self, src, lengths):
        packed = pack_padded_sequence(
            self.emb(src), lengths, batch_first=True, enforce_sorted=False
        )
        out, h = self.enc(packed)
        memory, _ = pad_packed_sequence(out, batch_first=True)
        state = torch.tanh(self.bridge(torch.cat(tuple(h), dim=-1)))
        mask = torch.arange(memory.size(1))[None, :] >= lengths[:, None]
        return memory, mask, state

    def step(self, token, state, memory, mask):
        state = self.dec(self.emb(token), state)
        weights = torch.einsum("bd,btd->bt", self.attn(state), memory)
        weights = weights.masked_fill(mask, float("-inf")).softmax(-1)
        context = (weights.unsqueeze(-1) * memory).sum(1)
        return F.log_softmax(self.out(torch.cat([state, context], -1)), -1), state, weights

    def forward(self, src, lengths, tgt):
        memory, mask, state = self.encode(src, lengths)
        logps = []
        for token in tgt[:, :-1].t():
            logp, state, _ = self.step(token, state, memory, mask)
            logps.append(logp)
        return torch.stack(logps, 1)


def collate(pairs):
    src, tgt = zip(*pairs)
    return (
        pad_sequence(src, batch_first=True),
        torch.tensor([len(s) for s in src]),
        pad_sequence(tgt, batch_first=True, padding_value=PAD),
    )


g = torch.Generator().manual_seed(1)
data = make(64, g)
model = Model()
opt = torch.optim.NAdam(model.parameters(), lr=0.02)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.03, total_steps=40)
for epoch in range(10):
    order = torch.randperm(len(data), generator=g).tolist()
    for i in range(0, len(data), 16):
        src, lengths, tgt = collate([data[j] for j in order[i : i + 16]])
        logp = model(src, lengths, tgt)
        loss = F.nll_loss(logp.flatten(0, 1), tgt[:, 1:].reshape(-1), ignore_index=PAD)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        opt.step()
        sched.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch} loss {loss.item():.3f} lr {sched.get_last_lr()[0]:.5f}")


@torch.no_grad()
def beam(src, width=3, limit=7, alpha=0.7):
    memory, mask, state = model.encode(src[None], torch.tensor([len(src)]))
    memory, mask = memory.expand(width, -1, -1), mask.expand(width, -1)
    state = state.repeat(width, 1)
    tokens = torch.full((width, 1), BOS)
    scores = torch.tensor([0.0] + [-1e9] * (width - 1))
    done = []
    for _ in range(limit):
        logp, state, _ = model.step(tokens[:, -1], state, memory, mask)
        total = scores[:, None] + logp
        scores, flat = total.view(-1).topk(width)
        parents = torch.div(flat, VOCAB, rounding_mode="floor")
        tokens = torch.cat([tokens[parents], (flat % VOCAB)[:, None]], dim=1)
        state = state.index_select(0, parents)
        ended = tokens[:, -1].eq(EOS)
        for k in ended.nonzero().flatten().tolist():
            done.append((scores[k].item() / tokens.size(1) ** alpha, tokens[k, 1:-1].tolist()))
        scores = scores.masked_fill(ended, -1e9)
        if len(done) >= width:
            break
    return sorted(done, reverse=True)[:width]


@torch.no_grad()
def sample(src, top_k=0, top_p=1.0, temperature=1.0, generator=None):
    memory, mask, state = model.encode(src.unsqueeze(0), torch.as_tensor([src.numel()]))
    token, found = torch.tensor([BOS]), []
    for _ in range(7):
        logp, state, _ = model.step(token, state, memory, mask)
        logits = logp / temperature
        if top_k:
            logits[logits < logits.topk(top_k).values[..., -1:]] = -float("inf")
        if top_p < 1.0:
            ordered, where = logits.sort(descending=True)
            over = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1) > top_p
            logits = logits.masked_fill(over.scatter(1, where, over), float("-inf"))
        token = torch.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(1)
        if token.item() == EOS:
            break
        found.append(token.item())
    return found


test = make(3, torch.Generator().manual_seed(9))
for s, t in test:
    print(s.tolist(), "->", t[1:-1].tolist())
    for score, hyp in beam(s):
        print(f"   {score:.3f} {hyp}")
    print(
        "   sampled",
        sample(s, top_k=2, generator=torch.Generator().manual_seed(0)),
        sample(s, top_p=0.9, temperature=0.5, generator=torch.Generator().manual_seed(0)),
    )
memory, mask, state = model.encode(*collate(test)[:2])
logp, state, weights = model.step(torch.full((3,), BOS), state, memory, mask)
print(mask, weights.sum(-1), weights.gt(0).sum(1))
print(logp.exp().sum(-1).detach(), (logp.exp() * logp).sum(-1).neg().max())
