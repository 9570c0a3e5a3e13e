"""The autoencoder, which diffusers loads as AutoencoderKL. Rombach et al. 2022 (arXiv 2112.10752), Appendix G."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import LATENTS, Downsample, GroupNorm, Part, ResBlock, Upsample, attend


class VaeAttention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.group_norm = GroupNorm(groups, channels, 1e-6)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        h = self.group_norm(x).flatten(2).transpose(1, 2)
        h = self.to_out[0](attend(self.to_q(h), self.to_k(h), self.to_v(h), heads=1))
        return x + h.transpose(1, 2).reshape(x.shape)


class VaeMiddle(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.attentions = nn.ModuleList([VaeAttention(channels, groups)])
        self.resnets = nn.ModuleList([ResBlock(channels, channels, groups, 1e-6) for _ in range(2)])

    def forward(self, x):
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class Encoder(nn.Module):
    def __init__(self, widths, layers, groups):
        super().__init__()
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        before = widths[0]
        for level, width in enumerate(widths):
            block = Part(resnets=[ResBlock(before if i == 0 else width, width, groups, 1e-6) for i in range(layers)])
            if level < len(widths) - 1:
                block.downsamplers = nn.ModuleList([Downsample(width, one_sided=True)])
            self.down_blocks.append(block)
            before = width
        self.mid_block = VaeMiddle(before, groups)
        self.conv_norm_out = GroupNorm(groups, before, 1e-6)
        self.conv_out = nn.Conv2d(before, 2 * LATENTS, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in self.down_blocks:
            for resnet in block.resnets:
                x = resnet(x)
            if hasattr(block, 'downsamplers'):
                x = block.downsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self, widths, layers, groups):
        super().__init__()
        before = widths[-1]
        self.conv_in = nn.Conv2d(LATENTS, before, 3, padding=1)
        self.mid_block = VaeMiddle(before, groups)
        self.up_blocks = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            block = Part(
                resnets=[ResBlock(before if i == 0 else width, width, groups, 1e-6) for i in range(layers + 1)]
            )
            if level > 0:
                block.upsamplers = nn.ModuleList([Upsample(width)])
            self.up_blocks.append(block)
            before = width
        self.conv_norm_out = GroupNorm(groups, before, 1e-6)
        self.conv_out = nn.Conv2d(before, 3, 3, padding=1)

    def forward(self, z):
        x = self.mid_block(self.conv_in(z))
        for block in self.up_blocks:
            for resnet in block.resnets:
                x = resnet(x)
            if hasattr(block, 'upsamplers'):
                x = block.upsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Autoencoder(nn.Module):
    def __init__(self, widths, layers, groups):
        super().__init__()
        self.encoder = Encoder(widths, layers, groups)
        self.decoder = Decoder(widths, layers, groups)
        self.quant_conv = nn.Conv2d(2 * LATENTS, 2 * LATENTS, 1)
        self.post_quant_conv = nn.Conv2d(LATENTS, LATENTS, 1)
        for module in self.modules():
            if isinstance(module, ResBlock):
                nn.init.zeros_(module.conv2.bias)
                module.conv2.weight.data.mul_(0.1)
        self.quant_conv.bias.data[LATENTS:] = -5.0  # start with little noise

    def encode(self, x):
        """Mean and log variance of the latents of pictures in -1..1."""
        mean, log_variance = self.quant_conv(self.encoder(x)).float().chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))

    def forward(self, x, noise_floor=0.0):
        """One training pass: reconstruction, mean and log variance."""
        mean, log_variance = self.encode(x)
        noise = torch.randn_like(mean) * (log_variance.exp() + noise_floor**2).sqrt()
        return self.decode(mean + noise), mean, log_variance
