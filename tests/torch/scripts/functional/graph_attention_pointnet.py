import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class GraphAttentionLayer(nn.Module):
    def __init__(self, in_features, out_features, dropout, alpha, concat=True):
        super().__init__()
        self.dropout, self.out_features, self.concat = dropout, out_features, concat
        self.W = nn.Parameter(torch.empty(size=(in_features, out_features)))
        nn.init.xavier_uniform_(self.W.data, gain=1.414)
        self.a = nn.Parameter(torch.empty(size=(2 * out_features, 1)))
        nn.init.xavier_uniform_(self.a.data, gain=1.414)
        self.leakyrelu = nn.LeakyReLU(alpha)

    def forward(self, h, adj):
        Wh = torch.mm(h, self.W)
        Wh1 = torch.matmul(Wh, self.a[: self.out_features, :])
        Wh2 = torch.matmul(Wh, self.a[self.out_features :, :])
        e = self.leakyrelu(Wh1 + Wh2.T)
        zero_vec = -9e15 * torch.ones_like(e)
        attention = torch.where(adj > 0, e, zero_vec)
        attention = F.softmax(attention, dim=1)
        attention = F.dropout(attention, self.dropout, training=self.training)
        h_prime = torch.matmul(attention, Wh)
        return F.elu(h_prime) if self.concat else h_prime


class GAT(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout=0.3, alpha=0.2, nheads=2):
        super().__init__()
        self.dropout = dropout
        self.attentions = [GraphAttentionLayer(nfeat, nhid, dropout, alpha) for _ in range(nheads)]
        for i, attention in enumerate(self.attentions):
            self.add_module("attention_{}".format(i), attention)
        self.out_att = GraphAttentionLayer(nhid * nheads, nclass, dropout, alpha, concat=False)

    def forward(self, x, adj):
        x = F.dropout(x, self.dropout, training=self.training)
        x = torch.cat([att(x, adj) for att in self.attentions], dim=1)
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(F.elu(self.out_att(x, adj)), dim=1)


class TNet(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.k = k
        self.conv1, self.fc = nn.Conv1d(k, 16, 1), nn.Linear(16, k * k)
        self.bn1 = nn.BatchNorm1d(16)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        bs = x.size(0)
        h = F.relu(self.bn1(self.conv1(x)))
        h = nn.MaxPool1d(h.size(-1))(h)
        h = nn.Flatten(1)(h)
        init = torch.eye(self.k, requires_grad=True).repeat(bs, 1, 1)
        return self.fc(h).view(-1, self.k, self.k) + init


class PointNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.tnet = TNet()
        self.mlp = nn.Sequential(nn.Conv1d(3, 16, 1), nn.ReLU(), nn.Conv1d(16, 24, 1))
        self.head = nn.Linear(24, classes)

    def forward(self, x):
        m = self.tnet(x)
        x = torch.bmm(x.transpose(1, 2), m).transpose(1, 2)
        x = torch.max(self.mlp(x), 2, keepdim=True)[0].view(-1, 24)
        return self.head(x), m


def regularizer(m):
    eye = torch.eye(m.size(1), requires_grad=True).repeat(m.size(0), 1, 1)
    return torch.norm(eye - torch.bmm(m, m.transpose(1, 2))) / float(m.size(0))


n = 16
labels = torch.arange(n) % 2
adj = ((labels[:, None] == labels[None]).float() * torch.rand(n, n) > 0.4).float() + torch.eye(n)
x = torch.randn(n, 5) + labels[:, None]
gat = GAT(5, 6, 2)
print(gat)
opt = torch.optim.Adam(gat.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(5):
    gat.train()
    opt.zero_grad()
    loss = F.nll_loss(gat(x, adj), labels)
    loss.backward()
    opt.step()
    print("epoch", epoch, "loss_train: {:.4f}".format(loss.data.item()))
clouds, kinds = torch.randn(9, 3, 20), torch.arange(9) % 3
clouds *= (1 + kinds.view(-1, 1, 1)).float()
net = PointNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(4):
    out, m = net(clouds)
    loss = F.cross_entropy(out, kinds) + 0.001 * regularizer(m)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{epoch} {loss.item():.4f}")
centroid = clouds.mean(-1, keepdim=True)
normalized = (clouds - centroid) / (clouds - centroid).norm(dim=1).amax(1)[:, None, None]
knn = torch.cdist(clouds[0].T, clouds[0].T).topk(4, largest=False).indices[:, 1:]
print(normalized.abs().max() <= 1, knn[:3], torch.linalg.vector_norm(normalized[0], dim=0).max())
