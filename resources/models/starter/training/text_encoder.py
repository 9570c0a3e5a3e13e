"""The text encoder, which transformers loads as CLIPTextModel. Radford et al. 2021 (arXiv 2103.00020)."""

import torch
import torch.nn as nn

from blocks import LayerNorm, Part, attend


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        return self.out_proj(attend(self.q_proj(x), self.k_proj(x), self.v_proj(x), self.heads, causal=True))


class TextLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.layer_norm1 = LayerNorm(width)
        self.mlp = Part(fc1=nn.Linear(width, 4 * width), fc2=nn.Linear(4 * width, width))
        self.layer_norm2 = LayerNorm(width)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        h = self.mlp.fc1(self.layer_norm2(x))
        return x + self.mlp.fc2(h * torch.sigmoid(1.702 * h))


class TextEncoder(nn.Module):
    def __init__(self, vocabulary, positions, width, layers, heads):
        super().__init__()
        self.text_model = Part(
            embeddings=Part(
                token_embedding=nn.Embedding(vocabulary, width), position_embedding=nn.Embedding(positions, width)
            ),
            encoder=Part(layers=[TextLayer(width, heads) for _ in range(layers)]),
            final_layer_norm=LayerNorm(width),
        )
        nn.init.normal_(self.text_model.embeddings.token_embedding.weight, std=0.04)
        nn.init.normal_(self.text_model.embeddings.position_embedding.weight, std=0.02)

    def forward(self, ids):
        model = self.text_model
        x = model.embeddings.token_embedding(ids) + model.embeddings.position_embedding.weight[: ids.shape[1]]
        for layer in model.encoder.layers:
            x = layer(x)
        return model.final_layer_norm(x)
