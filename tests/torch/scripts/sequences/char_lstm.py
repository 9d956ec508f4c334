import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
text = "hello world, how low can the hello go? " * 8
chars = sorted(list(set(text)))
stoi = {ch: i for i, ch in enumerate(chars)}
itos = {i: ch for ch, i in stoi.items()}
data = torch.tensor([stoi[c] for c in text], dtype=torch.long)
vocab_size, hidden_size, seq_len = len(chars), 32, 16
print(f"data has {len(data)} characters, {vocab_size} unique.")


class CharRNN(nn.Module):
    def __init__(self, vocab_size, hidden_size, num_layers=1):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.embedding = nn.Embedding(vocab_size, 16)
        self.lstm = nn.LSTM(16, hidden_size, num_layers, batch_first=True)
        self.decoder = nn.Linear(hidden_size, vocab_size)

    def forward(self, x, hidden=None):
        out, hidden = self.lstm(self.embedding(x), hidden)
        return self.decoder(out), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        return (
            weight.new_zeros(self.num_layers, bsz, self.hidden_size),
            weight.new_zeros(self.num_layers, bsz, self.hidden_size),
        )


def detach(states):
    return [state.detach() for state in states]


model = CharRNN(vocab_size, hidden_size)
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
batch = data[: (len(data) // 4) * 4].view(4, -1)
for epoch in range(4):
    hidden = model.init_hidden(4)
    total = 0
    for i in range(0, batch.size(1) - seq_len, seq_len):
        inputs = batch[:, i : i + seq_len]
        targets = batch[:, i + 1 : (i + 1) + seq_len]
        hidden = tuple(detach(hidden))
        output, hidden = model(inputs, hidden)
        loss = F.cross_entropy(output.reshape(-1, vocab_size), targets.reshape(-1))
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        total += loss.item()
    print("epoch %d | loss %.3f" % (epoch, total))

model.eval()
with torch.no_grad():
    hidden, x, out = model.init_hidden(1), torch.tensor([[stoi["h"]]]), "h"
    for _ in range(20):
        logits, hidden = model(x, hidden)
        x = torch.argmax(logits[:, -1], dim=-1, keepdim=True)
        out += itos[x.item()]
print(repr(out), [h.shape for h in hidden])
