"""
How weights follow their gradients: Muon for the matrices inside the networks, AdamW for everything else; and copies of
a network that share its weights and work side by side.

Muon: K. Jordan et al. 2024, kellerjordan.github.io/posts/muon, with the step size of Liu et al. 2025 (arXiv 2502.16982),
for which AdamW's learning rates serve. AdamW: Loshchilov and Hutter 2019 (arXiv 1711.05101).
"""

import copy
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn

DECAY = 0.01
OUTER = ('embedding', 'conv_in', 'conv_out')  # what meets tokens, times and pixels is AdamW's


def flat(x):
    """Convolution kernels as matrices, one row an output; a view where channels come last."""
    return x.permute(0, 2, 3, 1).reshape(len(x), -1) if x.ndim == 4 else x


class Optimiser:
    """Muon's share of the work is split among `threads`."""

    def __init__(self, network, rate, threads=1):
        inner = lambda name, p: p.ndim > 1 and not any(word in name for word in OUTER)
        named = list(network.named_parameters())
        self.matrices = [p for name, p in named if inner(name, p)]
        outer = [p for name, p in named if not inner(name, p)]
        groups = [
            {'params': [p for p in outer if p.ndim > 1], 'weight_decay': DECAY},
            {'params': [p for p in outer if p.ndim <= 1], 'weight_decay': 0.0},
        ]
        self.adam = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99))
        self.flats = [nn.Parameter(flat(p.detach())) for p in self.matrices]
        if any(view.data_ptr() != p.data_ptr() for view, p in zip(self.flats, self.matrices)):
            raise ValueError('expected convolutions whose channels come last in memory')
        by_size = sorted(self.flats, key=torch.numel)
        muon = lambda share: torch.optim.Muon(share, lr=rate, weight_decay=DECAY, adjust_lr_fn='match_rms_adamw')
        self.muons = [muon(by_size[k::threads]) for k in range(threads)]
        self.threads = Threads(threads)

    def step(self, rate):
        for optimiser in (self.adam, *self.muons):
            for group in optimiser.param_groups:
                group['lr'] = rate
        for view, p in zip(self.flats, self.matrices):
            view.grad = flat(p.grad)
        self.adam.step()
        self.threads.map(lambda optimiser: optimiser.step(), self.muons)

    def zero_grad(self):
        for p in (*self.matrices, *self.flats, *(p for group in self.adam.param_groups for p in group['params'])):
            p.grad = None

    def state_dict(self):
        return {'adam': self.adam.state_dict(), 'muons': [muon.state_dict() for muon in self.muons]}

    def load_state_dict(self, state):
        self.adam.load_state_dict(state['adam'])
        for muon, kept in zip(self.muons, state['muons'], strict=True):
            muon.load_state_dict(kept)


class Threads:
    """Runs jobs side by side, each on one core; a single thread runs them where it is, on all cores."""

    def __init__(self, count):
        self.pool = ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(1)) if count > 1 else None

    def map(self, job, items):
        return list(self.pool.map(job, items) if self.pool else map(job, items))


class Replicas:
    """
    `count` copies of a network that share its weights, not its gradients. On processors each copy on a core of its own
    is faster than all cores on one: nobody waits at every operation.
    """

    def __init__(self, network, count):
        self.copies = [network, *(copy.deepcopy(network) for _ in range(count - 1))]
        for other in self.copies[1:]:
            for p, own in zip(other.parameters(), network.parameters()):
                p.data = own.data
        self.threads = Threads(count)

    def backward(self, loss, *batch):
        """Adds to the network's gradients those of the mean of loss(copy, *part); returns the mean."""
        parts = zip(*(x.chunk(len(self.copies)) for x in batch))

        def work(job):
            network, part = job
            value = loss(network, *part) / len(self.copies)
            value.backward()
            return value.detach()

        total = sum(self.threads.map(work, zip(self.copies, parts)))
        own = list(self.copies[0].parameters())
        for other in self.copies[1:]:
            theirs = list(other.parameters())
            torch._foreach_add_([p.grad for p in own], [p.grad for p in theirs])
            for p in theirs:
                p.grad = None
        return total
