"""Endless pictures with captions, planned in worker processes; contact sheets."""

import random

import numpy as np
import torch
from PIL import Image, ImageDraw

import captions
from collate import collate
from planner import Planner


class Plans(torch.utils.data.IterableDataset):
    """
    Endless (plan, token ids) pairs for batches of `count` pictures with `versions` captions each, one of which is
    empty now and then; every worker process has its own seed.
    """

    def __init__(self, index, tokenizer, count, seed=0, versions=1, without_caption=0.1, **options):
        self.index, self.tokenizer, self.count, self.seed = index, tokenizer, count, seed
        self.versions, self.without_caption, self.options = versions, without_caption, options

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        planner, rng = Planner(self.index, seed, **self.options), random.Random(seed + 500)
        while True:
            pictures, plan = collate(self.index, [planner.picture() for _ in range(self.count)])
            told = lambda p: '' if rng.random() < self.without_caption else captions.caption(p, rng)
            ids = [[self.tokenizer(told(picture)) for _ in range(self.versions)] for picture in pictures]
            yield plan, np.array(ids, np.int64)


def as_it_is(batch):
    return batch


def stream(index, tokenizer, count, workers=0, **options):
    """Plans, each for one batch, `workers` processes ahead of the training."""
    ahead = {'prefetch_factor': 4} if workers else {}
    plans = Plans(index, tokenizer, count, **options)
    return iter(torch.utils.data.DataLoader(plans, batch_size=None, num_workers=workers, collate_fn=as_it_is, **ahead))


def to_images(batch):
    """(n, 3, h, w) in 0..1 -> list of PIL images."""
    return [Image.fromarray(p) for p in (batch.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()]


def sheet(images, texts=None, columns=8, gap=4):
    """One contact sheet; texts are written below the pictures."""
    cell, lines = images[0].width, 3 if texts else 0
    height = cell + gap + 10 * lines
    page = Image.new('RGB', (columns * (cell + gap), -(-len(images) // columns) * height), 'white')
    pen = ImageDraw.Draw(page)
    for i, image in enumerate(images):
        x, y = i % columns * (cell + gap) + 2, i // columns * height + 2
        page.paste(image, (x, y))
        for k in range(lines):
            width = cell // 6
            pen.text((x, y + cell + 10 * k), texts[i][k * width : (k + 1) * width], fill='black')
    return page
