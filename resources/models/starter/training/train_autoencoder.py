"""
Stage one, the autoencoder: by absolute and squared error, the error of the slopes, and a little KL divergence. And the
last stage: its decoder alone.
"""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F

from optimiser import Replicas
from pictures import sheet, to_images
from settings import factor
from trainer import Trainer, nhwc

HELD_OUT = 64
HINTED = 1 / 3  # of the training
CROPPED = 0.5
NOISE_FLOOR = 0.04  # latents must bear what the U-Net gets wrong


def slopes(difference):
    """Mean absolute slopes of a difference picture at three scales: edges must be where they were."""
    total = 0
    for scale in range(3):
        if scale:
            difference = F.avg_pool2d(difference, 2)
        across = difference[..., 1:] - difference[..., :-1]
        down = difference[..., 1:, :] - difference[..., :-1, :]
        total = total + across.abs().mean() + down.abs().mean()
    return total


def distance(y, x, edges=0.5):
    difference = y.float() - x
    return difference.abs().mean() + 0.5 * difference.pow(2).mean() + edges * slopes(difference)


def colour_hint(x, mean, pixels):
    """The first three latents' distance from the local brightness and colour: tidy latents are easier for the U-Net."""
    r, g, b = F.avg_pool2d(x, pixels).chunk(3, 1)
    local = torch.cat([1.3 * (r + g + b) / 3, 1.5 * (r - b), 2.0 * (g - (r + b) / 2)], 1)
    return (mean[:, :3] - local).abs().mean()


def losses(network, x, plan, progress, pixels):
    y, mean, log_variance = network(x, NOISE_FLOOR)
    edges = 0.1 + 0.4 * min(1.0, 1.6 * progress)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    hint = max(0.0, 1 - progress / HINTED)
    loss = distance(y, x, edges) + plan['kl'] * kl
    return loss + hint * colour_hint(x, mean, pixels) if hint else loss


class HeldOut:
    """Pictures that training does not see, and how well they are rebuilt."""

    def __init__(self, session):
        self.session, self.pictures = session, session.held_out(HELD_OUT)

    @torch.no_grad()
    def psnr(self, network):
        """In dB; writes a sheet of the pictures beside what comes of them."""
        with self.session.autocast():
            out = torch.cat([network.decode(network.encode(part)[0]).float() for part in self.pictures.split(16)])
        out.clamp_(-1, 1)
        pairs = torch.stack([self.pictures[:24], out[:24]], 1).flatten(0, 1)
        sheet(to_images((pairs + 1) / 2)).save(self.session.state / 'autoencoder.png')
        return round(float(-10 * torch.log10((((out - self.pictures) / 2) ** 2).mean((1, 2, 3))).mean()), 2)


def train_autoencoder(session, network):
    """Trains the network and leaves it with its averaged weights; returns the scaling factor of its latents."""
    settings, plan = session.settings, session.settings['train_autoencoder']
    trainer = Trainer(session, 'vae', session.place(network), plan)
    held_out, fast, sums = HeldOut(session), session.compiled(network), []

    def report(seconds, steps):
        with trainer.averaged():
            psnr = held_out.psnr(network)
        note_pictures(session, 'autoencoder', trainer, sums, psnr)

    streams = {}
    for _ in trainer.steps(report):
        cropping = trainer.progress < CROPPED
        batch = plan['crop_batch' if cropping else 'batch']
        if batch not in streams:
            streams = {batch: session.pictures(batch, seed=1000 + trainer.step)}
        x, _ = next(streams[batch])
        if cropping:
            top, left = (random.randrange(settings['size'] - plan['crop'] + 1) for _ in range(2))
            x = nhwc(x[..., top : top + plan['crop'], left : left + plan['crop']])
        with session.autocast():
            loss = losses(fast, x, plan, trainer.progress, factor(settings))
        loss.backward()
        trainer.update(len(x))
        sums.append(float(loss.detach()))
    trainer.use_average()
    with torch.no_grad():
        latents = torch.cat([network.encode(part)[0] for part in held_out.pictures.split(16)])
    return 1 / float(latents.std())


class Decoding(nn.Module):
    """The half of the autoencoder that the U-Net knows nothing of."""

    def __init__(self, network):
        super().__init__()
        self.post_quant_conv, self.decoder = network.post_quant_conv, network.decoder

    def forward(self, z):
        return self.decoder(self.post_quant_conv(z))


def polish_decoder(session, network):
    """The decoder goes on learning when the latents, which the U-Net has learned, are what they are."""
    plan, decoding = session.settings['polish_decoder'], Decoding(session.place(network))
    trainer, held_out, sums = Trainer(session, 'decoder', decoding, plan), HeldOut(session), []
    replicas = Replicas(session.compiled(decoding), plan.get('replicas', 1))

    def loss(decoder, latents, wanted):
        with session.autocast():
            return distance(decoder(latents), wanted)

    def report(seconds, steps):
        with trainer.averaged():
            psnr = held_out.psnr(network)
        note_pictures(session, 'decoder', trainer, sums, psnr)

    pictures = session.pictures(plan['batch'], seed=200000 + trainer.step)
    for _ in trainer.steps(report):
        x, _ = next(pictures)
        with torch.no_grad(), session.autocast():
            mean, log_variance = network.encode(x)
        latents = mean + torch.randn_like(mean) * (log_variance.exp() + NOISE_FLOOR**2).sqrt()
        sums.append(float(replicas.backward(loss, latents, x)))
        trainer.update(len(x))
    trainer.use_average()


def note_pictures(session, stage, trainer, sums, psnr):
    speed, loss = round(trainer.seen / max(trainer.trained, 1), 1), round(sum(sums) / len(sums), 4)
    sums.clear()
    session.note(stage=stage, progress=round(trainer.progress, 3), pictures_per_second=speed, loss=loss, psnr=psnr)
