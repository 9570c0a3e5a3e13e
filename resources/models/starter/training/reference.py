"""
Writes main/network/starter-reference.json: what PyTorch computes in fp32 from the shipped weights, for the studio's
own networks to be compared with.

    python reference.py
"""

import json
import pathlib

import torch

from blocks import LATENTS
from export import read_weights
from settings import SETTINGS, build, factor
from tokenizer import Tokenizer

SHIPPED = pathlib.Path(__file__).resolve().parents[1]
TARGET = SHIPPED.parents[2] / 'main/network/starter-reference.json'
SETTING = SETTINGS['cpu']
PROMPTS = ['a red apple', 'a fox to the left of a house, sunset, snowy ground', '']
TIMESTEP = 500
SOME = 8  # values of each end of an output


def wave(shape, rate):
    """sin(i * rate) in C order"""
    return torch.sin(torch.arange(torch.Size(shape).numel(), dtype=torch.float64) * rate).float().view(shape)


def known(output):
    values = output.flatten().double()
    numbers = lambda part: [round(float(value), 7) for value in part]
    return {
        'shape': list(output.shape),
        'first': numbers(values[:SOME]),
        'last': numbers(values[-SOME:]),
        'sum': round(float(values.abs().sum()), 4),
    }


@torch.no_grad()
def main():
    tokenizer = Tokenizer.load(SHIPPED / 'tokenizer', SETTING['positions'])
    networks = build(SETTING, len(tokenizer.vocab))
    read_weights(networks, SHIPPED)
    for network in networks.values():
        network.float().eval()
    size, side = SETTING['size'], SETTING['size'] // factor(SETTING)
    latents = wave((1, LATENTS, side, side), 0.01)
    prompts = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt)
        hidden = networks['text_encoder'](torch.tensor([ids]))
        prediction = networks['unet'](latents, torch.tensor([TIMESTEP]), hidden)
        prompts.append({'prompt': prompt, 'ids': ids, 'hidden': known(hidden), 'prediction': known(prediction)})
    reference = {
        'timestep': TIMESTEP,
        'prompts': prompts,
        'decoded': known(networks['vae'].decode(latents)),
        'encoded': known(networks['vae'].encode(wave((1, 3, size, size), 0.001))[0]),
    }
    TARGET.write_text(json.dumps(reference, indent=2) + '\n')


if __name__ == '__main__':
    main()
