"""Prints the seconds of MiniLM-size training steps in PyTorch: 16 texts (or TEXTS) of 64 tokens, AdamW, dropout 0.1, one thread.

Usage: pytorch_step.py STEPS [FREEZE_DEPTH [TEXTS [DEVICE]]]. Random weights of the same shapes: the time does not depend on values.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional

HIDDEN, HEADS, INNER, LAYERS, VOCABULARY, DROPOUT = 384, 12, 1536, 6, 30522, 0.1


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.projection = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.expand, self.contract = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.attention_norm, self.output_norm = nn.LayerNorm(HIDDEN, eps=1e-12), nn.LayerNorm(HIDDEN, eps=1e-12)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, hidden):
        def split(values):
            return values.unflatten(-1, (HEADS, -1)).transpose(1, 2)

        attended = functional.scaled_dot_product_attention(
            split(self.query(hidden)),
            split(self.key(hidden)),
            split(self.value(hidden)),
            dropout_p=DROPOUT if self.training else 0.0,
        )
        attended = attended.transpose(1, 2).flatten(2)
        hidden = self.attention_norm(hidden + self.dropout(self.projection(attended)))
        inner = functional.gelu(self.expand(hidden))
        return self.output_norm(hidden + self.dropout(self.contract(inner)))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions, self.types = (nn.Embedding(rows, HIDDEN) for rows in (VOCABULARY, 512, 2))
        self.norm, self.dropout = nn.LayerNorm(HIDDEN, eps=1e-12), nn.Dropout(DROPOUT)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.pooler, self.classifier = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 2)

    def forward(self, tokens):
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        hidden = self.words(tokens) + self.positions(positions) + self.types(torch.zeros_like(tokens))
        hidden = self.dropout(self.norm(hidden))
        for block in self.blocks:
            hidden = block(hidden)
        return self.classifier(self.dropout(torch.tanh(self.pooler(hidden[:, 0]))))


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    steps = int(sys.argv[1])
    freeze_depth = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    texts = int(sys.argv[3]) if len(sys.argv) > 3 else 16
    device = torch.device(sys.argv[4] if len(sys.argv) > 4 else "cpu")
    model = Classifier().to(device)
    frozen = [model.words, model.positions, model.types, model.norm, *model.blocks[:freeze_depth]]
    for module in frozen if freeze_depth > 0 else []:
        module.eval().requires_grad_(False)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-5, weight_decay=0.01)
    tokens = torch.randint(1000, 29000, (texts, 64), device=device)
    labels = torch.arange(texts, device=device) % 2
    for step in range(steps + 1):
        start = time.perf_counter()
        loss = functional.cross_entropy(model(tokens), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if step > 0:
            print(f"{time.perf_counter() - start:.4f}", flush=True)


if __name__ == "__main__":
    main()
