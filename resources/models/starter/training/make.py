"""
Makes the model: tokenizer, autoencoder, text encoder and U-Net, and the folder that the studio opens.

    python make.py --config cpu         two processor cores, about five hours
    python make.py --config gpu         one large graphics processor, about forty minutes
    python make.py --config smoke       every stage with tiny networks, about a minute

Stopped and called again, it goes on where it was. Checkpoints, log.jsonl and sample sheets lie in state/CONFIG, the
model in state/CONFIG/model. With --start FOLDER a model of the same configuration is trained on instead of a new one.
"""

import argparse
import pathlib
import random

import torch

import tokenizer as bpe
from export import export, read_weights
from planner import SpriteIndex
from settings import SETTINGS, build
from tokenizer import Tokenizer
from train_autoencoder import polish_decoder, train_autoencoder
from train_denoiser import train_denoiser
from trainer import Session, save

HERE = pathlib.Path(__file__).resolve().parent


def words(folder, positions):
    """The tokenizer in the folder, learned from the captions when there is none."""
    if not (folder / 'vocab.json').exists():
        bpe.learn(bpe.corpus(SpriteIndex.load()), positions).save(folder)
    return Tokenizer.load(folder, positions)


def trained_autoencoder(session, network):
    """Fills the network, which is trained when it was not yet; returns the scaling factor of its latents."""
    path = session.state / 'vae.pt'
    if not path.exists():
        scale = train_autoencoder(session, network)
        save(path, {'weights': network.state_dict(), 'scale': scale})
    kept = torch.load(path, map_location='cpu')
    network.load_state_dict(kept['weights'])
    return kept['scale']


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', choices=list(SETTINGS), required=True)
    parser.add_argument('--start', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument('--minutes', type=float, help='of training the U-Net, other than the configuration says')
    parser.add_argument(
        '--precision', choices=['bf16', 'fp32'], default='bf16', help='fp32 for processors without bf16'
    )
    args = parser.parse_args()
    torch.manual_seed(random.randrange(1 << 31))  # a run that goes on must not draw the same noise again
    settings, state = SETTINGS[args.config], HERE / 'state' / args.config
    state.mkdir(parents=True, exist_ok=True)
    if args.minutes:
        settings['train_denoiser']['minutes'] = args.minutes
    tokenizer = words((args.start or state) / 'tokenizer', settings['positions'])
    session, networks = Session(args.config, state, tokenizer, args.precision), build(settings, len(tokenizer.vocab))
    scale = read_weights(networks, args.start) if args.start else trained_autoencoder(session, networks['vae'])
    train_denoiser(session, networks, scale, teach=not args.start)
    polish_decoder(session, networks['vae'].requires_grad_(True))
    export(settings, networks, scale, tokenizer, state / 'model')


if __name__ == '__main__':
    main()
