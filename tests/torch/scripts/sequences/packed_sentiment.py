import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)


class Reviews(Dataset):
    def __init__(self, n=32):
        self.items = []
        for _ in range(n):
            length = torch.randint(3, 9, (1,)).item()
            tokens = torch.randint(1, 20, (length,))
            self.items.append((tokens, float(tokens.float().mean() > 10)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, idx):
        return self.items[idx]


def collate_batch(batch):
    batch.sort(key=lambda item: len(item[0]), reverse=True)
    texts, labels = zip(*batch)
    lengths = torch.tensor([len(t) for t in texts])
    return pad_sequence(texts, batch_first=True, padding_value=0), lengths, torch.tensor(labels)


class BiLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8, padding_idx=0)
        self.rnn = nn.LSTM(8, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(16, 1)

    def forward(self, text, lengths):
        packed = pack_padded_sequence(self.embedding(text), lengths, batch_first=True)
        packed_output, (hidden, cell) = self.rnn(packed)
        output, output_lengths = pad_packed_sequence(packed_output, batch_first=True)
        hidden = torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1)
        return self.fc(hidden).squeeze(1), output


loader = DataLoader(Reviews(), batch_size=8, shuffle=True, collate_fn=collate_batch)
model = BiLSTM()
print(model)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


def binary_accuracy(preds, y):
    rounded_preds = torch.round(torch.sigmoid(preds))
    correct = (rounded_preds == y).float()
    return correct.sum() / len(correct)


for epoch in range(3):
    epoch_loss, epoch_acc = 0, 0
    for text, lengths, labels in loader:
        optimizer.zero_grad()
        predictions, output = model(text, lengths)
        loss = criterion(predictions, labels)
        acc = binary_accuracy(predictions, labels)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
        epoch_acc += acc.item()
    print(
        f"Epoch: {epoch + 1:02} | Train Loss: {epoch_loss / len(loader):.3f} | Train Acc: {epoch_acc / len(loader) * 100:.2f}%"
    )
print(output.shape, lengths, model.embedding.weight[0])
