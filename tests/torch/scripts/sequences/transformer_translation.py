import torch
import torch.nn as nn

torch.manual_seed(0)
PAD_IDX, BOS_IDX, EOS_IDX = 0, 1, 2


class Seq2SeqTransformer(nn.Module):
    def __init__(self, vocab, emb=16):
        super().__init__()
        self.transformer = nn.Transformer(
            d_model=emb,
            nhead=2,
            num_encoder_layers=1,
            num_decoder_layers=1,
            dim_feedforward=32,
            dropout=0.0,
            batch_first=True,
        )
        self.generator = nn.Linear(emb, vocab)
        self.src_tok_emb = nn.Embedding(vocab, emb, padding_idx=PAD_IDX)
        self.tgt_tok_emb = nn.Embedding(vocab, emb, padding_idx=PAD_IDX)

    def forward(self, src, trg, tgt_mask, src_padding_mask, tgt_padding_mask):
        outs = self.transformer(
            self.src_tok_emb(src),
            self.tgt_tok_emb(trg),
            tgt_mask=tgt_mask,
            src_key_padding_mask=src_padding_mask,
            tgt_key_padding_mask=tgt_padding_mask,
            memory_key_padding_mask=src_padding_mask,
        )
        return self.generator(outs)


def square_subsequent_mask(sz):
    return torch.triu(torch.ones(sz, sz, dtype=torch.bool), diagonal=1)


src = torch.randint(3, 12, (8, 6))
src[::2, 4:] = PAD_IDX
tgt = torch.cat([torch.full((8, 1), BOS_IDX), src.flip(1), torch.full((8, 1), EOS_IDX)], dim=1)
model = Seq2SeqTransformer(12)
for p in model.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
print(sum(p.numel() for p in model.parameters()))
loss_fn = torch.nn.CrossEntropyLoss(ignore_index=PAD_IDX)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, betas=(0.9, 0.98), eps=1e-9)
for epoch in range(5):
    tgt_input, tgt_out = tgt[:, :-1], tgt[:, 1:]
    logits = model(
        src,
        tgt_input,
        square_subsequent_mask(tgt_input.size(1)),
        src == PAD_IDX,
        tgt_input == PAD_IDX,
    )
    optimizer.zero_grad()
    loss = loss_fn(logits.reshape(-1, logits.shape[-1]), tgt_out.reshape(-1))
    loss.backward()
    optimizer.step()
    print(f"Epoch: {epoch}, Train loss: {loss.item():.3f}")
attn = nn.MultiheadAttention(16, 4, batch_first=True)
x = torch.randn(2, 5, 16)
out, weights = attn(x, x, x, need_weights=True, average_attn_weights=False)
print(out.shape, weights.shape, weights.sum(-1).mean().item())
