"""
Teaches a small network to name the thing in a picture, its colour and its ground, from real renderings alone, and
writes judge.safetensors and classes.json. The built-in model's pictures are judged by it.

    python train.py --minutes 30

A lesson is a 64 x 64 square: a whole plain picture, or the left or right half of a landscape with two things. Half of
them are softened, so that what is judged is shape and colour, not crispness.
"""

import argparse
import json
import math
import random
import time

from recipe import HERE

import torch
import torch.nn as nn
import torch.nn.functional as F

from collate import collate
from colours import COLOURS, GROUNDS
from weights_file import write_safetensors
from painter import Painter, Sprites
from planner import Planner, SpriteIndex

SIDE = 64
# Top left corners, in a picture of 128 x 128, of the squares that hold the left and the right thing of a landscape.
LEFT, RIGHT = (0, 58), (64, 58)
UNKNOWN = -100
WEIGHTS_OF_LOSSES = (1.0, 0.3, 0.3)


class Judge(nn.Module):
    """[n, 3, 64, 64] in -1..1 -> scores of the nouns, the colours and the grounds."""

    def __init__(self, nouns):
        super().__init__()
        widths = (32, 64, 128, 192)
        self.convs = nn.ModuleList([nn.Conv2d(3, widths[0], 5, 2, 2, bias=False)])
        self.convs.extend(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in zip(widths, widths[1:]))
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for width in widths])
        self.drop = nn.Dropout(0.2)
        self.neck = nn.Linear(16 * widths[-1], 256)
        self.noun, self.colour, self.ground = (
            nn.Linear(256, nouns),
            nn.Linear(256, len(COLOURS)),
            nn.Linear(256, len(GROUNDS)),
        )

    def forward(self, x):
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = F.relu(norm(conv(x)))
            if i > 0:
                x = F.max_pool2d(x, 2)
        x = F.relu(self.neck(self.drop(x.flatten(1))))
        return self.noun(x), self.colour(x), self.ground(x)

    def folded(self):
        """The weights for judging: each norm is folded into its convolution."""
        weights = {}
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            weights[f'convs.{i}.weight'] = conv.weight * scale[:, None, None, None]
            weights[f'convs.{i}.bias'] = norm.bias - norm.running_mean * scale
        for name in ('neck', 'noun', 'colour', 'ground'):
            layer = getattr(self, name)
            weights[f'{name}.weight'], weights[f'{name}.bias'] = layer.weight, layer.bias
        return weights


class Lessons:
    """Squares and their labels [n, 3]: noun, colour, ground."""

    def __init__(self, index, sprites, seed):
        self.index, self.planner, self.rng = index, Planner(index, seed), random.Random(seed)
        self.small, self.large = Painter(sprites, SIDE), Painter(sprites, 2 * SIDE)
        self.number = {noun.icon: i for i, noun in enumerate(index.nouns)}

    def batch(self, count):
        nouns = self.rng.sample(self.index.nouns, count // 2)
        pictures, plan = collate(self.index, [self.planner.plain(noun) for noun in nouns])
        squares, labels = [self.small(plan)], [self.label(p.things[0], p.ground) for p in pictures]
        pairs = [tuple(self.rng.sample(self.index.nouns, 2)) for _ in range(count // 4)]
        scenes, plan = collate(self.index, [self.planner.scene(pair, 'beside') for pair in pairs])
        painted = self.large(plan)
        for k, (left, top) in enumerate((LEFT, RIGHT)):
            squares.append(painted[:, :, top : top + SIDE, left : left + SIDE])
            labels += [self.label(scene.things[k], None) for scene in scenes]
        return self.softened(torch.cat(squares)), torch.tensor(labels)

    def label(self, thing, ground):
        colour = thing.paint or self.index.natural[thing.sprite]
        return (
            self.number[self.index.entries[thing.sprite]['noun']],
            COLOURS.index(colour) if colour else UNKNOWN,
            list(GROUNDS).index(ground) if ground else UNKNOWN,
        )

    def softened(self, squares):
        rows = torch.rand(len(squares)) < 0.5
        side = self.rng.choice([24, 32, 40])
        small = F.interpolate(squares[rows], size=(side, side), mode='bilinear', antialias=True, align_corners=False)
        squares[rows] = F.interpolate(small, size=(SIDE, SIDE), mode='bilinear', align_corners=False)
        return squares * 2 - 1


def teach(judge, lessons, seconds, batch):
    optimiser = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=0.02)
    start, step, noted = time.time(), 0, time.time()
    while (progress := (time.time() - start) / seconds) < 1:
        for group in optimiser.param_groups:
            group['lr'] = 3e-3 * min(1, (step + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        squares, labels = lessons.batch(batch)
        answers = judge(squares)
        known = zip(WEIGHTS_OF_LOSSES, answers, labels.T)
        loss = sum(weight * F.cross_entropy(a, l, ignore_index=UNKNOWN) for weight, a, l in known)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step += 1
        if time.time() - noted > 30:
            right = (answers[0].argmax(1) == labels[:, 0]).float().mean()
            print(
                f'{progress:.0%}, {step * batch} lessons, loss {float(loss):.2f}, nouns right {float(right):.0%}',
                flush=True,
            )
            noted = time.time()


@torch.no_grad()
def held_out_score(judge, lessons, batches=20):
    hits = []
    for _ in range(batches):
        squares, labels = lessons.batch(64)
        best = judge(squares)[0].topk(5, 1).indices == labels[:, :1]
        hits.append(torch.stack([best[:, 0], best.any(1)]))
    return torch.cat(hits, 1).float().mean(1).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--batch', type=int, default=96)
    args = parser.parse_args()
    torch.manual_seed(0)
    index, sprites = SpriteIndex.load(), Sprites()
    judge = Judge(len(index.nouns))
    teach(judge, Lessons(index, sprites, seed=1), args.minutes * 60, args.batch)
    judge.eval()
    top1, top5 = held_out_score(judge, Lessons(index, sprites, seed=2))
    print(f'held-out lessons: top-1 {top1:.1%}, top-5 {top5:.1%}')
    write_safetensors(HERE / 'judge.safetensors', judge.folded())
    classes = {'nouns': [noun.names for noun in index.nouns], 'colours': COLOURS, 'grounds': list(GROUNDS)}
    (HERE / 'classes.json').write_text(json.dumps(classes) + '\n')


if __name__ == '__main__':
    main()
