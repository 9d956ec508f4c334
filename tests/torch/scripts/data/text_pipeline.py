import random
import re
from collections import Counter
from functools import partial
from itertools import chain

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, IterableDataset, random_split

torch.manual_seed(0)
random.seed(0)
texts = [
    "the cat sat on the mat",
    "stocks rose sharply on monday",
    "a dog chased the cat",
    "the market fell as rates rose",
] * 6
labels = [0, 1, 0, 1] * 6


def tokenizer(text):
    return re.findall(r"\w+", text.lower())


class Vocab:
    def __init__(self, sentences, specials=("<pad>", "<unk>")):
        counter = Counter(chain.from_iterable(map(tokenizer, sentences)))
        self.itos = list(specials) + sorted(counter, key=lambda w: (-counter[w], w))
        self.stoi = {w: i for i, w in enumerate(self.itos)}

    def __len__(self):
        return len(self.itos)

    def __call__(self, tokens):
        return [self.stoi.get(t, 1) for t in tokens]


class TextDataset(Dataset):
    def __init__(self, texts, labels, vocab):
        self.data = [(torch.tensor(vocab(tokenizer(t))), l) for t, l in zip(texts, labels)]

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.data[i]


def collate_offsets(batch):
    text_list, offsets, label_list = [], [0], []
    for text, label in batch:
        label_list.append(label)
        text_list.append(text)
        offsets.append(text.size(0))
    return (
        torch.cat(text_list),
        torch.tensor(offsets[:-1]).cumsum(dim=0),
        torch.tensor(label_list, dtype=torch.int64),
    )


def collate_padded(batch, pad=0):
    xs, ys = map(list, zip(*batch))
    return pad_sequence(xs, batch_first=True, padding_value=pad), torch.tensor(ys)


class Shuffled(IterableDataset):
    def __init__(self, source, buffer_size=8):
        self.source, self.buffer_size = source, buffer_size

    def __iter__(self):
        buf = []
        for x in self.source:
            buf.append(x)
            if len(buf) == self.buffer_size:
                random.shuffle(buf)
                yield from buf
                buf = []
        yield from buf


class TextClassificationModel(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_class):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, sparse=False)
        self.fc = nn.Linear(embed_dim, num_class)
        self.init_weights()

    def init_weights(self):
        initrange = 0.5
        self.embedding.weight.data.uniform_(-initrange, initrange)
        self.fc.weight.data.uniform_(-initrange, initrange)
        self.fc.bias.data.zero_()

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


vocab = Vocab(texts)
print(len(vocab), vocab.itos[:6], vocab(tokenizer("the cat flew")))
dataset = TextDataset(texts, labels, vocab)
train, valid = random_split(dataset, [0.75, 0.25])
model = TextClassificationModel(len(vocab), 8, 2)
print(model)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
for epoch in range(1, 4):
    total_acc, total_count = 0, 0
    for text, offsets, label in DataLoader(
        train, batch_size=4, shuffle=True, collate_fn=collate_offsets
    ):
        optimizer.zero_grad()
        predicted_label = model(text, offsets)
        loss = criterion(predicted_label, label)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        total_acc += (predicted_label.argmax(1) == label).sum().item()
        total_count += label.size(0)
    print(
        "| epoch {:3d} | accuracy {:8.3f} | loss {:.4f} | lr {}".format(
            epoch, total_acc / total_count, loss.item(), scheduler.get_last_lr()
        )
    )
    scheduler.step()
for x, y in DataLoader(valid, batch_size=6, collate_fn=partial(collate_padded, pad=0)):
    print(x, y, (x != 0).sum(1), x.dtype)
print([b.tolist() for b in DataLoader(Shuffled(range(10), 4), batch_size=5)])
with torch.no_grad():
    out = model(torch.tensor(vocab(tokenizer("the cat and the dog"))), torch.tensor([0]))
    print({0: "animals", 1: "markets"}[out.argmax(1).item()], out.softmax(1).round(decimals=3))
