"""Layers that the networks share, with the parameter names of the diffusers library."""

import torch
import torch.nn as nn
import torch.nn.functional as F

LATENTS = 4  # channels


def attend(q, k, v, heads, causal=False):
    """Multi-head attention over (n, tokens, channels)."""
    n, tokens, channels = q.shape
    q, k, v = (x.view(n, -1, heads, channels // heads).transpose(1, 2) for x in (q, k, v))
    if q.is_cuda:  # on processors the plain products are faster, backwards above all
        out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    else:
        scores = (q * (channels // heads) ** -0.5) @ k.transpose(2, 3)
        if causal:
            scores = scores + torch.full((tokens, tokens), -1e4, device=q.device, dtype=scores.dtype).triu(1)
        out = scores.float().softmax(-1).to(v.dtype) @ v
    return out.transpose(1, 2).reshape(n, tokens, channels)


class GroupNorm(nn.GroupNorm):
    """Computed in fp32, whatever the precision around it."""

    def forward(self, x):
        return F.group_norm(x.float(), self.num_groups, self.weight, self.bias, self.eps).to(x.dtype)


class LayerNorm(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x.float(), self.normalized_shape, self.weight, self.bias, self.eps).to(x.dtype)


class Part(nn.Module):
    """A named group of modules."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            setattr(self, name, nn.ModuleList(module) if isinstance(module, list) else module)


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs, groups, eps, time=None):
        super().__init__()
        self.norm1 = GroupNorm(groups, inputs, eps)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        if time:
            self.time_emb_proj = nn.Linear(time, outputs)
        self.norm2 = GroupNorm(groups, outputs, eps)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x, time=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if time is not None:
            h = h + self.time_emb_proj(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


class Downsample(nn.Module):
    """Stride 2. The VAE pads only at the right and the bottom, the U-Net on all sides."""

    def __init__(self, channels, one_sided):
        super().__init__()
        self.one_sided = one_sided
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=0 if one_sided else 1)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.one_sided else x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode='nearest'))


def count(module):
    return sum(p.numel() for p in module.parameters())
