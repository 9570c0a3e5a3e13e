"""Stage two: text encoder and U-Net together, by squared error on the velocity, on the autoencoder's latents."""

import collections
import random
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import LATENTS
from diffusion import Schedule, sample
from optimiser import Replicas
from pictures import sheet, to_images
from settings import factor
from trainer import Trainer, nhwc

THUMBNAIL = 4  # cells of a side
PROMPTS = (
    'a red apple', 'a cat', 'a house', 'a car', 'a fox', 'a sunflower on a blue background', 'a snowman', 'a pizza',
    'a rocket', 'a penguin on a green background', 'a birthday cake', 'an owl', 'a guitar', 'a castle', 'a heart',
    'a robot', 'a purple car', 'a blue apple', 'a pink elephant', 'a blue house', 'a red umbrella', 'a yellow rocket',
    'a green dragon', 'a red owl on a yellow background', 'a fox to the left of a house, sunset, snowy ground',
    'a sailboat, ocean, sunny day', 'a lion at night', 'a rocket above a castle, night',
    'a rabbit and a snowman, winter', 'a whale, sea, night',
    'a robot on the left, a cat on the right, hills, cloudy sky', 'a horse next to a tree, green hills',
)  # fmt: skip


class Denoiser(nn.Module):
    """U-Net and text encoder as one module, trained together."""

    def __init__(self, networks):
        super().__init__()
        self.unet, self.text = networks['unet'], networks['text_encoder']

    def forward(self, x, t, ids):
        return self.unet(x, t, self.text(ids))


class Latents:
    """Scaled latents of pictures, drawn from the encoder's Gaussians."""

    def __init__(self, session, vae, scale):
        self.session, self.scale = session, scale
        self.vae = session.place(vae).eval().requires_grad_(False)
        self.encode = session.compiled(self.vae.encode)

    @torch.no_grad()
    def __call__(self, x):
        with self.session.autocast():
            mean, log_variance = self.encode(x)
        return (mean + torch.randn_like(mean) * (0.5 * log_variance).exp()) * self.scale


class Memory:
    """
    Endless (latents, token ids) batches. Painting and encoding add two fifths to a training step on a processor, so of
    every batch only one part in `reuse` is new; the others are drawn again from the last `remembered` pictures, each
    time with another of their captions, another place in time and other noise.
    """

    VERSIONS = 6

    def __init__(self, session, latents, plan, seed):
        self.batch, self.reuse, self.latents, self.turn = plan['batch'], plan.get('reuse', 1), latents, 0
        self.room = max(1, plan.get('remembered', 0) // self.batch)
        self.pictures = session.pictures(self.batch, seed, self.VERSIONS if self.reuse > 1 else 1)
        self.kept = collections.deque(maxlen=self.room)

    def __next__(self):
        if self.turn % self.reuse == 0 or self.turn < self.room // 4:
            x, ids = next(self.pictures)
            self.kept.append((self.latents(x), ids))
        self.turn += 1
        if self.reuse == 1:
            return self.kept[-1][0], self.kept[-1][1][:, 0]
        rows = [divmod(place, self.batch) for place in random.sample(range(len(self.kept) * self.batch), self.batch)]
        told = [self.kept[i][1][row, random.randrange(self.VERSIONS)] for i, row in rows]
        return torch.stack([self.kept[i][0][row] for i, row in rows]), torch.stack(told)


def teach_text(session, text, latents):
    """
    Lets the text encoder foretell thumbnails of the latents before it meets the U-Net. Trained together from the
    start, the U-Net learns to ignore the caption, and takes very long to come back to it.
    """
    seconds, batch = session.settings['teach_text']['minutes'] * 60, session.settings['train_denoiser']['batch']
    width = session.settings['text']['width']
    head = nn.Linear(width, LATENTS * THUMBNAIL**2).to(session.device)
    optimiser = torch.optim.AdamW([*text.parameters(), *head.parameters()], lr=1e-3, weight_decay=0.01)
    start, losses = time.time(), []
    for x, ids in session.pictures(batch, seed=50000):
        ids, wanted = ids[:, 0], F.adaptive_avg_pool2d(latents(x), THUMBNAIL).flatten(1)
        with session.autocast():
            loss = F.mse_loss(head(text(ids)[:, -1]).float(), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
        if time.time() - start > seconds:
            break
    session.note(
        stage='text', first_loss=round(losses[0], 4), last_loss=round(sum(losses[-10:]) / len(losses[-10:]), 4)
    )


@torch.no_grad()
def draw(session, networks, scale, prompts, seed=7):
    """Pictures in 0..1."""
    side, schedule = session.settings['size'] // factor(session.settings), Schedule(session.device)
    ids = torch.tensor([session.tokenizer(p) for p in [*prompts, '']], device=session.device)
    with session.autocast():
        hidden = networks['text_encoder'](ids)
        velocity = lambda x, t, context: networks['unet'](nhwc(x), t, context)
        x = sample(velocity, hidden[:-1], hidden[-1:], schedule, (LATENTS, side, side), seed)
        pictures = [networks['vae'].decode(nhwc(part)).float() for part in (x / scale).split(16)]
    return (torch.cat(pictures) + 1) / 2


def train_denoiser(session, networks, scale, teach):
    """Trains U-Net and text encoder and leaves them with their averaged weights; `teach` is for new ones."""
    plan, schedule = session.settings['train_denoiser'], Schedule(session.device)
    denoiser, latents = session.place(Denoiser(networks)), Latents(session, networks['vae'], scale)
    if teach and not (session.state / 'denoiser.checkpoint').exists():
        teach_text(session, denoiser.text, latents)
    trainer = Trainer(session, 'denoiser', denoiser, plan)
    replicas = Replicas(session.compiled(denoiser), plan.get('replicas', 1))
    sums, drawn = [], time.time()

    def draw_sheet():
        with trainer.averaged():
            pictures = draw(session, networks, scale, PROMPTS)
        sheet(to_images(pictures), PROMPTS).save(session.state / 'samples.png')

    def report(seconds, steps):
        nonlocal drawn
        speed, loss = round(steps * plan['batch'] / seconds, 1), round(float(torch.stack(sums).mean()), 4)
        sums.clear()
        session.note(
            stage='denoiser',
            progress=round(trainer.progress, 3),
            samples=trainer.seen,
            samples_per_second=speed,
            loss=loss,
        )
        if time.time() - drawn > session.settings['sheet_seconds']:
            draw_sheet()
            drawn = time.time()

    def loss(network, noisy, t, ids, velocity):
        with session.autocast():
            predicted = network(nhwc(noisy), t, ids)
        return ((predicted.float() - velocity).pow(2).mean((1, 2, 3)) * schedule.weight(t)).mean()

    memory, (first, last) = Memory(session, latents, plan, seed=100000 + trainer.step), plan['noisy']
    for _ in trainer.steps(report):
        x, ids = next(memory)
        t = schedule.random_steps(plan['batch'], session.device, first + (last - first) * trainer.progress)
        noisy, velocity = schedule.corrupt(x, t)
        sums.append(replicas.backward(loss, noisy, t, ids, velocity))
        trainer.update(plan['batch'])
    draw_sheet()
    trainer.use_average()
