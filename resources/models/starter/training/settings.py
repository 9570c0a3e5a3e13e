"""
The two ways to train the model, and one that only shows that every stage works.

Times are minutes of training, whatever the machine: slower machines see fewer samples. `noisy`: how much noise levels are
drawn towards the noisy end, when training begins and when it ends.
"""

from autoencoder import Autoencoder
from text_encoder import TextEncoder
from unet import UNet

SETTINGS = {
    # 128 x 128, latents 32 x 32 x 4: the shipped model. Two processor cores, some hours.
    'cpu': {
        'size': 128,
        'positions': 32,
        'autoencoder': {'widths': (16, 32, 96), 'layers': 1, 'groups': 1},
        'text': {'width': 192, 'layers': 4, 'heads': 3},
        'unet': {'widths': (64, 96, 192, 256), 'layers': 1, 'attention': (0, 0, 1, 1), 'heads': 4, 'groups': 32},
        'pictures': {
            'flat': 1.0,
            'single': 0.5,
            'jitter': 0.4,
            'mirror': 0.0,
            'recolour': 0.45,
            'alone': {'everyday': 0.5, 'common': 1.0},
            'together': {'everyday': 3.0, 'common': 1.0},
        },
        'workers': 1,
        'log_seconds': 60,
        'sheet_seconds': 600,
        'train_autoencoder': {'minutes': 40, 'batch': 8, 'crop': 64, 'crop_batch': 24, 'rate': 1e-3, 'kl': 1e-4},
        'teach_text': {'minutes': 1.5},
        'train_denoiser': {
            'minutes': 240,
            'batch': 96,
            'rate': 5e-4,
            'average': 0.998,
            'noisy': (2.0, 1.4),
            'replicas': 2,
            'reuse': 8,
            'remembered': 24000,
        },
        'polish_decoder': {'minutes': 10, 'batch': 16, 'rate': 8e-4, 'replicas': 2},
    },
    # 256 x 256, latents 32 x 32 x 4. One large graphics processor.
    'gpu': {
        'size': 256,
        'positions': 77,
        'autoencoder': {'widths': (48, 96, 192, 256), 'layers': 1, 'groups': 16},
        'text': {'width': 256, 'layers': 6, 'heads': 4},
        'unet': {'widths': (128, 256, 320), 'layers': 2, 'attention': (0, 1, 1), 'heads': 8, 'groups': 32},
        'pictures': {},
        'workers': 8,
        'log_seconds': 10,
        'sheet_seconds': 150,
        'train_autoencoder': {'minutes': 8, 'batch': 32, 'crop': 128, 'crop_batch': 96, 'rate': 6e-4, 'kl': 1e-5},
        'teach_text': {'minutes': 0.5},
        'train_denoiser': {'minutes': 30, 'batch': 256, 'rate': 4e-4, 'average': 0.9995, 'noisy': (1.5, 1.2)},
        'polish_decoder': {'minutes': 2, 'batch': 32, 'rate': 4e-4},
    },
    'smoke': {
        'size': 64,
        'positions': 32,
        'autoencoder': {'widths': (8, 16, 32), 'layers': 1, 'groups': 1},
        'text': {'width': 32, 'layers': 2, 'heads': 2},
        'unet': {'widths': (32, 48, 64), 'layers': 1, 'attention': (0, 1, 1), 'heads': 2, 'groups': 16},
        'pictures': {'flat': 1.0, 'jitter': 0.4, 'mirror': 0.0},
        'workers': 0,
        'log_seconds': 5,
        'sheet_seconds': 1000,
        'train_autoencoder': {'minutes': 0.3, 'batch': 4, 'crop': 32, 'crop_batch': 8, 'rate': 2e-3, 'kl': 1e-4},
        'teach_text': {'minutes': 0.1},
        'train_denoiser': {'minutes': 0.4, 'batch': 8, 'rate': 1e-3, 'average': 0.9, 'noisy': (2.0, 1.4)},
        'polish_decoder': {'minutes': 0.2, 'batch': 8, 'rate': 1e-3, 'replicas': 2},
    },
}


def factor(settings):
    """Pixels of a latent's side."""
    return 2 ** (len(settings['autoencoder']['widths']) - 1)


def build(settings, vocabulary):
    """The three networks: {'vae', 'text_encoder', 'unet'}, by their folders' names."""
    return {
        'vae': Autoencoder(**settings['autoencoder']),
        'text_encoder': TextEncoder(vocabulary, settings['positions'], **settings['text']),
        'unet': UNet(**settings['unet'], context=settings['text']['width']),
    }
