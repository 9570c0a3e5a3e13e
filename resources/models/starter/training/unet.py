"""The U-Net, which diffusers loads as UNet2DConditionModel. Rombach et al. 2022 (arXiv 2112.10752), Section 3.3."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import LATENTS, Downsample, GroupNorm, LayerNorm, Part, ResBlock, Upsample, attend


class Attention(nn.Module):
    def __init__(self, channels, context, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context, channels, bias=False)
        self.to_v = nn.Linear(context, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x, context):
        return self.to_out[0](attend(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class GatedLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.proj = nn.Linear(inputs, 2 * outputs)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, -1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.ModuleList(
            [GatedLinear(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)]
        )

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, channels, context, heads):
        super().__init__()
        self.norm1 = LayerNorm(channels)
        self.attn1 = Attention(channels, channels, heads)
        self.norm2 = LayerNorm(channels)
        self.attn2 = Attention(channels, context, heads)
        self.norm3 = LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x, context):
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, channels, context, heads, groups):
        super().__init__()
        self.norm = GroupNorm(groups, channels, 1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, context, heads)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, context):
        n, channels, height, width = x.shape
        h = self.proj_in(self.norm(x)).permute(0, 2, 3, 1).reshape(n, height * width, channels)
        h = self.transformer_blocks[0](h, context)
        return x + self.proj_out(h.reshape(n, height, width, channels).permute(0, 3, 1, 2))


def time_waves(t, channels):
    half = channels // 2
    rates = torch.exp(-math.log(10000) / half * torch.arange(half, device=t.device, dtype=torch.float32))
    angles = t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], -1)


class UNet(nn.Module):
    def __init__(self, widths, layers, attention, heads, groups, context):
        super().__init__()
        time, eps = 4 * widths[0], 1e-5
        res = lambda inputs, outputs: ResBlock(inputs, outputs, groups, eps, time)
        transformer = lambda width: Transformer(width, context, heads, groups)
        self.wave_channels = widths[0]
        self.conv_in = nn.Conv2d(LATENTS, widths[0], 3, padding=1)
        self.time_embedding = Part(linear_1=nn.Linear(widths[0], time), linear_2=nn.Linear(time, time))
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        before, skips = widths[0], [widths[0]]
        for level, width in enumerate(widths):
            block = Part(resnets=[res(before if i == 0 else width, width) for i in range(layers)])
            if attention[level]:
                block.attentions = nn.ModuleList([transformer(width) for _ in range(layers)])
            skips += [width] * layers
            if level < len(widths) - 1:
                block.downsamplers = nn.ModuleList([Downsample(width, one_sided=False)])
                skips.append(width)
            self.down_blocks.append(block)
            before = width
        self.mid_block = Part(attentions=[transformer(before)], resnets=[res(before, before), res(before, before)])
        for level, width in reversed(list(enumerate(widths))):
            resnets = []
            for _ in range(layers + 1):
                resnets.append(res(before + skips.pop(), width))
                before = width
            block = Part(resnets=resnets)
            if attention[level]:
                block.attentions = nn.ModuleList([transformer(width) for _ in range(layers + 1)])
            if level > 0:
                block.upsamplers = nn.ModuleList([Upsample(width)])
            self.up_blocks.append(block)
        self.conv_norm_out = GroupNorm(groups, before, eps)
        self.conv_out = nn.Conv2d(before, LATENTS, 3, padding=1)
        for module in self.modules():  # every residual branch starts at zero
            last = (
                module.conv2
                if isinstance(module, ResBlock)
                else module.proj_out
                if isinstance(module, Transformer)
                else None
            )
            if last is not None:
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    @staticmethod
    def layer(block, i, x, time, context):
        x = block.resnets[i](x, time)
        return block.attentions[i](x, context) if hasattr(block, 'attentions') else x

    def forward(self, x, t, context):
        embed = self.time_embedding
        time = F.silu(embed.linear_2(F.silu(embed.linear_1(time_waves(t, self.wave_channels)))))
        x = self.conv_in(x)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = self.layer(block, i, x, time, context)
                skips.append(x)
            if hasattr(block, 'downsamplers'):
                x = block.downsamplers[0](x)
                skips.append(x)
        middle = self.mid_block
        x = middle.resnets[1](middle.attentions[0](middle.resnets[0](x, time), context), time)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = self.layer(block, i, torch.cat([x, skips.pop()], 1), time, context)
            if hasattr(block, 'upsamplers'):
                x = block.upsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
