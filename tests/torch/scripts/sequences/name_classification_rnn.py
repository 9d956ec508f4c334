import string

import torch
import torch.nn as nn

torch.manual_seed(0)
all_letters = string.ascii_lowercase
n_letters = len(all_letters)
category_lines = {
    "Italian": ["rossi", "bianchi", "ferrari", "esposito"],
    "German": ["schmidt", "schneider", "fischer", "weber"],
    "Polish": ["kowalski", "nowak", "wisniewski", "wojcik"],
}
all_categories = list(category_lines.keys())
n_categories = len(all_categories)


def line_to_tensor(line):
    tensor = torch.zeros(len(line), 1, n_letters)
    for li, letter in enumerate(line):
        tensor[li][0][all_letters.find(letter)] = 1
    return tensor


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = torch.tanh(self.i2h(combined))
        return self.softmax(self.i2o(hidden)), hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


rnn = RNN(n_letters, 16, n_categories)
criterion = nn.NLLLoss()
learning_rate = 0.05


def train(category_tensor, line_tensor):
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    for i in range(line_tensor.size()[0]):
        output, hidden = rnn(line_tensor[i], hidden)
    loss = criterion(output, category_tensor)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-learning_rate)
    return output, loss.item()


for epoch in range(3):
    for c, lines in category_lines.items():
        for line in lines:
            output, loss = train(
                torch.tensor([all_categories.index(c)], dtype=torch.long), line_to_tensor(line)
            )
            top_n, top_i = output.topk(1)
            guess = all_categories[top_i[0].item()]
            print(f"{epoch} {loss:.4f} {line} / {guess} {'✓' if guess == c else '✗ (%s)' % c}")
confusion = torch.zeros(n_categories, n_categories)
with torch.no_grad():
    for i, lines in enumerate(category_lines.values()):
        for line in lines:
            hidden = rnn.init_hidden()
            for t in line_to_tensor(line):
                output, hidden = rnn(t, hidden)
            confusion[i][output.argmax(1).item()] += 1
for i in range(n_categories):
    confusion[i] = confusion[i] / confusion[i].sum()
print(confusion)
