"""Stage one: the autoencoder, by absolute and squared error, the error of the slopes, and a little KL divergence."""

import random

import torch
import torch.nn.functional as F

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


def colour_hint(x, mean, pixels):
    """The first three latents' distance from the local brightness and colour: tidy latents are easier for the U-Net."""
    r, g, b = F.avg_pool2d(x, pixels).chunk(3, 1)
    local = torch.cat([1.3 * (r + g + b) / 3, 1.5 * (r - b), 2.0 * (g - (r + b) / 2)], 1)
    return (mean[:, :3] - local).abs().mean()


def losses(network, x, plan, progress, pixels):
    y, mean, log_variance = network(x, NOISE_FLOOR)
    difference = y.float() - x
    edges = 0.1 + 0.4 * min(1.0, 1.6 * progress)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    hint = max(0.0, 1 - progress / HINTED)
    loss = difference.abs().mean() + 0.5 * difference.pow(2).mean() + edges * slopes(difference) + plan['kl'] * kl
    return loss + hint * colour_hint(x, mean, pixels) if hint else loss


def rebuilt(network, pictures):
    return torch.cat([network.decode(network.encode(part)[0]).float().clamp(-1, 1) for part in pictures.split(16)])


def train_autoencoder(session, network):
    """Trains the network and leaves it with its averaged weights; returns the scaling factor of its latents."""
    settings, plan = session.settings, session.settings['train_autoencoder']
    trainer = Trainer(session, 'vae', session.place(network), plan)
    held_out, fast, sums = session.held_out(HELD_OUT), session.compiled(network), []

    def report(seconds, steps):
        with trainer.averaged():
            out = rebuilt(network, held_out)
        psnr = -10 * torch.log10((((out - held_out) / 2) ** 2).mean((1, 2, 3))).mean()
        pairs = torch.stack([held_out[:24], out[:24]], 1).flatten(0, 1)
        sheet(to_images((pairs + 1) / 2)).save(session.state / 'autoencoder.png')
        speed, loss = round(trainer.seen / trainer.trained, 1), round(sum(sums) / len(sums), 4)
        sums.clear()
        session.note(
            stage='autoencoder',
            progress=round(trainer.progress, 3),
            pictures_per_second=speed,
            loss=loss,
            psnr=round(float(psnr), 2),
        )

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
        sums.append(float(loss))
    trainer.use_average()
    with torch.no_grad():
        latents = torch.cat([network.encode(part)[0] for part in held_out.split(16)])
    return 1 / float(latents.std())
