"""What both stages share: the machine, the pictures, a log; a network's optimisers, its average and its clock."""

import contextlib
import json
import math
import os
import time

import torch

from collate import collate
from optimiser import Optimiser
from painter import Painter, Sprites
from pictures import stream
from planner import Planner, SpriteIndex
from settings import SETTINGS

WARM_STEPS = 100
SAVE_SECONDS = 120


class Session:
    """The device, the settings and the pictures."""

    def __init__(self, config, state, tokenizer, precision):
        self.settings, self.state, self.tokenizer, self.precision = SETTINGS[config], state, tokenizer, precision
        self.device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self.index, sprites = SpriteIndex.load(), Sprites(self.device)
        self.painter = Painter(sprites, self.settings['size'], self.device)
        if self.device.type == 'cuda':
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision('high')

    def place(self, module):
        return module.to(self.device, memory_format=torch.channels_last)

    def compiled(self, module):
        return torch.compile(module, dynamic=False) if self.device.type == 'cuda' else module

    def autocast(self):
        if self.precision == 'fp32':
            return contextlib.nullcontext()
        return torch.autocast(device_type=self.device.type, dtype=torch.bfloat16)

    def pictures(self, batch, seed, versions=1):
        """Endless (pictures in -1..1, token ids of `versions` captions each) batches on the device."""
        options, workers = self.settings['pictures'], self.settings['workers']
        for plan, ids in stream(self.index, self.tokenizer, batch, workers, seed=seed, versions=versions, **options):
            yield nhwc(self.painter(plan) * 2 - 1), torch.from_numpy(ids).to(self.device)

    def held_out(self, count):
        """Pictures that training does not see: a seed of their own."""
        planner = Planner(self.index, seed=987654321, **self.settings['pictures'])
        return nhwc(self.painter(collate(self.index, [planner.picture() for _ in range(count)])[1]) * 2 - 1)

    def note(self, **entry):
        line = json.dumps(entry)
        with open(self.state / 'log.jsonl', 'a') as log:
            log.write(line + '\n')
        print(line, flush=True)


def nhwc(x):
    return x.contiguous(memory_format=torch.channels_last)


def save(path, content):
    """Writes a checkpoint so that a stop in the middle leaves the old one."""
    torch.save(content, str(path) + '.new')
    os.replace(str(path) + '.new', path)


class Trainer:
    """One network's weights, their moving average, the optimiser and the learning rate; goes on from its checkpoint."""

    def __init__(self, session, name, network, plan):
        self.session, self.plan, self.network = session, plan, network
        self.path = session.state / f'{name}.checkpoint'
        self.parameters = list(network.parameters())
        self.optimiser = Optimiser(network, plan['rate'], plan.get('replicas', 1))
        self.average = [p.detach().clone() for p in self.parameters]
        self.total = plan['minutes'] * 60
        self.step = self.seen = 0
        self.trained = 0.0  # seconds, over all calls
        if self.path.exists():
            self._resume()

    def _resume(self):
        kept = torch.load(self.path, map_location=self.session.device)
        self.network.load_state_dict(kept['network'])
        self.optimiser.load_state_dict(kept['optimiser'])
        self.average = [mean.to(self.session.device) for mean in kept['average']]
        self.step, self.seen, self.trained = kept['step'], kept['seen'], kept['trained']
        self.session.note(resumed=self.path.name, step=self.step, seconds=round(self.trained))

    def save(self):
        content = {
            'network': self.network.state_dict(),
            'optimiser': self.optimiser.state_dict(),
            'average': self.average,
        }
        save(self.path, {**content, 'step': self.step, 'seen': self.seen, 'trained': self.trained})

    @property
    def progress(self):
        return min(1.0, self.trained / self.total)

    def rate(self):
        """Warm-up, then a cosine to 2%."""
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress))
        return self.plan['rate'] * min(1.0, (self.step + 1) / WARM_STEPS) * fall

    def update(self, seen):
        """One step on the gradients at hand; gradients that are not finite are left out."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        if torch.isfinite(norm):
            self.optimiser.step(self.rate())
            self._follow()
        self.optimiser.zero_grad()
        self.step, self.seen = self.step + 1, self.seen + seen

    @torch.no_grad()
    def _follow(self):
        keep = min(self.plan.get('average', 0.99), (1 + self.step) / (10 + self.step))
        torch._foreach_mul_(self.average, keep)
        torch._foreach_add_(self.average, [p.detach() for p in self.parameters], alpha=1 - keep)

    @contextlib.contextmanager
    def averaged(self):
        """The network with its averaged weights, not to be trained meanwhile."""
        own = [p.detach().clone() for p in self.parameters]
        self.use_average()
        try:
            with torch.no_grad(), self.session.autocast():
                yield self.network
        finally:
            self._fill(own)

    def use_average(self):
        self._fill(self.average)

    @torch.no_grad()
    def _fill(self, values):
        for p, value in zip(self.parameters, values):
            p.copy_(value)

    def steps(self, report):
        """Yields once a step until the stage's time is over; now and then calls report(seconds, steps) and saves."""
        clock = saved = time.time()
        begun, count = self.trained, 0
        while self.trained < self.total:
            yield
            now = time.time()
            self.trained, clock, count = self.trained + now - clock, now, count + 1
            if self.trained - begun > self.session.settings['log_seconds']:
                report(self.trained - begun, count)
                begun, count = self.trained, 0
                if time.time() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.time()
                clock = time.time()  # reports and sheets are no training time
        self.save()
