import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

torch.manual_seed(0)


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(torch.FloatTensor(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, adj):
        support = torch.mm(input, self.weight)
        output = (
            torch.spmm(adj, support)
            if hasattr(adj, "is_sparse") and adj.is_sparse
            else adj @ support
        )
        return output + self.bias if self.bias is not None else output

    def __repr__(self):
        return (
            self.__class__.__name__
            + " ("
            + str(self.in_features)
            + " -> "
            + str(self.out_features)
            + ")"
        )


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super().__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.gc2 = GraphConvolution(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(self.gc2(x, adj), dim=1)


n = 20
labels = torch.arange(n) % 3
edge_index = torch.stack([torch.randint(n, (60,)), torch.randint(n, (60,))])
adj = torch.zeros(n, n)
adj[edge_index[0], edge_index[1]] = 1
adj = ((adj + adj.t() + torch.eye(n)) > 0).float()
deg = adj.sum(1)
d_inv = torch.diag(deg.pow(-0.5))
norm_adj = d_inv @ adj @ d_inv
features = torch.randn(n, 6) + F.one_hot(labels, 6).float() * 2
model = GCN(6, 8, 3, 0.5)
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
idx_train, idx_val = torch.LongTensor(range(14)), torch.LongTensor(range(14, 20))
for epoch in range(8):
    model.train()
    optimizer.zero_grad()
    output = model(features, norm_adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    model.eval()
    output = model(features, norm_adj)
    preds = output[idx_val].max(1)[1].type_as(labels)
    acc = preds.eq(labels[idx_val]).double().sum() / len(idx_val)
    print(
        "Epoch: {:04d}".format(epoch + 1),
        "loss_train: {:.4f}".format(loss_train.item()),
        "acc_val: {:.4f}".format(acc.item()),
    )
messages = torch.zeros(n, 6).index_add_(0, edge_index[1], features[edge_index[0]])
counts = torch.zeros(n).scatter_add_(0, edge_index[1], torch.ones(60))
print(
    messages[:2],
    counts.int(),
    torch.zeros(n).scatter_reduce(0, edge_index[1], features[edge_index[0], 0], reduce="amax")[:4],
)
