"""
The noise schedule, the training target and the sampler: velocity prediction on the squared-cosine schedule.

As diffusers' DDIMScheduler with beta_schedule 'squaredcos_cap_v2', prediction_type 'v_prediction' and timestep_spacing
'trailing': the last step is nearly pure noise, so plain black and plain white grounds come out plain.
Nichol and Dhariwal 2021 (arXiv 2102.09672), Salimans and Ho 2022 (2202.00512), Song et al. 2020 (2010.02502)
"""

import math

import torch

STEPS = 1000


def signal_power():
    """The share of the signal's power left at each of the 1000 steps (float64); diffusers' alphas_cumprod."""
    level = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = [min(1 - level((i + 1) / STEPS) / level(i / STEPS), 0.999) for i in range(STEPS)]
    return (1 - torch.tensor(betas, dtype=torch.float64)).cumprod(0)


class Schedule:
    def __init__(self, device='cpu'):
        power = signal_power()
        self.signal, self.noise = power.sqrt().float().to(device), (1 - power).sqrt().float().to(device)

    def random_steps(self, count, device, noisy):
        """
        A step of each of `count` equal parts of the range, in any order (the pictures of a batch have one), so that
        every batch covers it. `noisy` above 1 prefers noise.
        """
        u = (torch.randperm(count, device=device) + torch.rand(count, device=device)) / count
        return ((1 - (1 - u) ** noisy) * STEPS).long().clamp(max=STEPS - 1)

    def corrupt(self, x, t):
        """The noisy latents and the velocity to predict."""
        a, s = self.signal[t][:, None, None, None], self.noise[t][:, None, None, None]
        noise = torch.randn_like(x)
        return a * x + s * noise, a * noise - s * x

    def weight(self, t, gamma=5.0):
        """gamma / (gamma + SNR): near 1 for noisy steps, small for clean ones. Hang et al. 2023 (arXiv 2303.09556)."""
        return gamma / (gamma + (self.signal[t] / self.noise[t]) ** 2)


@torch.no_grad()
def sample(velocity, context, empty, schedule, shape, seed=0, steps=25, guidance=4.0):
    """
    DDIM with classifier-free guidance. `velocity(x, t, context)` predicts; the noise is drawn on the processor,
    so that a seed gives the same picture on every device.
    """
    count, device = len(context), context.device
    x = torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed)).to(device)
    both = torch.cat([empty.expand(count, -1, -1), context])
    times = [round(STEPS - i * STEPS / steps) - 1 for i in range(steps)]
    for t, following in zip(times, [*times[1:], None]):
        a, s = float(schedule.signal[t]), float(schedule.noise[t])
        v = velocity(torch.cat([x, x]), torch.full((2 * count,), t, device=device), both).float()
        without, given = v.chunk(2)
        v = without + guidance * (given - without)
        clean, noise = a * x - s * v, a * v + s * x
        x = clean if following is None else schedule.signal[following] * clean + schedule.noise[following] * noise
    return x
