"""Writes a trained model in the diffusers layout, and reads one."""

import json

from blocks import LATENTS
from settings import factor
from tokenizer import END, START
from weights_file import read_safetensors, write_safetensors

VERSION = '0.30.3'
WEIGHTS = {
    'unet': 'diffusion_pytorch_model.safetensors',
    'vae': 'diffusion_pytorch_model.safetensors',
    'text_encoder': 'model.safetensors',
}


def unet_config(settings):
    unet = settings['unet']
    blocks = lambda place, flags: [f'{"CrossAttn" if flag else ""}{place}Block2D' for flag in flags]
    return {
        '_class_name': 'UNet2DConditionModel',
        '_diffusers_version': VERSION,
        'act_fn': 'silu',
        'attention_head_dim': unet['heads'],  # the number of heads, as in Stable Diffusion 1
        'block_out_channels': list(unet['widths']),
        'center_input_sample': False,
        'cross_attention_dim': settings['text']['width'],
        'down_block_types': blocks('Down', unet['attention']),
        'up_block_types': blocks('Up', unet['attention'][::-1]),
        'mid_block_type': 'UNetMidBlock2DCrossAttn',
        'downsample_padding': 1,
        'flip_sin_to_cos': True,
        'freq_shift': 0,
        'in_channels': LATENTS,
        'out_channels': LATENTS,
        'layers_per_block': unet['layers'],
        'mid_block_scale_factor': 1,
        'norm_eps': 1e-5,
        'norm_num_groups': unet['groups'],
        'resnet_time_scale_shift': 'default',
        'sample_size': settings['size'] // factor(settings),
        'use_linear_projection': False,
    }


def autoencoder_config(settings, scale):
    vae = settings['autoencoder']
    return {
        '_class_name': 'AutoencoderKL',
        '_diffusers_version': VERSION,
        'act_fn': 'silu',
        'block_out_channels': list(vae['widths']),
        'down_block_types': ['DownEncoderBlock2D'] * len(vae['widths']),
        'up_block_types': ['UpDecoderBlock2D'] * len(vae['widths']),
        'in_channels': 3,
        'out_channels': 3,
        'latent_channels': LATENTS,
        'layers_per_block': vae['layers'],
        'norm_num_groups': vae['groups'],
        'sample_size': settings['size'],
        'scaling_factor': scale,
    }


def text_encoder_config(settings, vocab):
    text = settings['text']
    return {
        'architectures': ['CLIPTextModel'],
        'model_type': 'clip_text_model',
        'hidden_act': 'quick_gelu',
        'hidden_size': text['width'],
        'intermediate_size': 4 * text['width'],
        'layer_norm_eps': 1e-5,
        'max_position_embeddings': settings['positions'],
        'num_attention_heads': text['heads'],
        'num_hidden_layers': text['layers'],
        'projection_dim': text['width'],
        'vocab_size': len(vocab),
        'bos_token_id': vocab[START],
        'eos_token_id': vocab[END],
        'pad_token_id': vocab[END],
        'torch_dtype': 'float16',
    }


SCHEDULER = {
    '_class_name': 'DDIMScheduler',
    '_diffusers_version': VERSION,
    'num_train_timesteps': 1000,
    'beta_schedule': 'squaredcos_cap_v2',
    'prediction_type': 'v_prediction',
    'clip_sample': False,
    'set_alpha_to_one': True,
    'steps_offset': 0,
    'timestep_spacing': 'trailing',
}
SPECIAL_TOKENS = {'bos_token': START, 'eos_token': END, 'unk_token': END, 'pad_token': END}
PIPELINE = {
    '_class_name': 'StableDiffusionPipeline',
    '_diffusers_version': VERSION,
    'requires_safety_checker': False,
    'feature_extractor': [None, None],
    'image_encoder': [None, None],
    'safety_checker': [None, None],
    'scheduler': ['diffusers', 'DDIMScheduler'],
    'text_encoder': ['transformers', 'CLIPTextModel'],
    'tokenizer': ['transformers', 'CLIPTokenizer'],
    'unet': ['diffusers', 'UNet2DConditionModel'],
    'vae': ['diffusers', 'AutoencoderKL'],
}


def card(settings):
    """studio.json: how the studio offers the model."""
    sides = {'widthPx': settings['size'], 'heightPx': settings['size']}
    defaults = {**sides, 'steps': 25, 'guidanceScale': 4, 'sampler': 'ddim', 'schedule': 'normal'}
    return {'name': 'Starter', 'familyName': 'Small latent diffusion', 'defaults': defaults}


def export(settings, networks, scale, tokenizer, folder):
    tokens = {'tokenizer_class': 'CLIPTokenizer', 'model_max_length': settings['positions'], 'do_lower_case': True}
    files = {
        'unet/config.json': unet_config(settings),
        'vae/config.json': autoencoder_config(settings, scale),
        'text_encoder/config.json': text_encoder_config(settings, tokenizer.vocab),
        'scheduler/scheduler_config.json': SCHEDULER,
        'tokenizer/tokenizer_config.json': {**tokens, **SPECIAL_TOKENS},
        'tokenizer/special_tokens_map.json': SPECIAL_TOKENS,
        'model_index.json': PIPELINE,
        'studio.json': card(settings),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content, indent=2) + '\n', 'utf8')
    tokenizer.save(folder / 'tokenizer')
    for name, file in WEIGHTS.items():
        write_safetensors(folder / name / file, networks[name].state_dict())


def read_weights(networks, folder):
    """Fills the networks from an exported folder; returns the scaling factor of its latents."""
    for name, file in WEIGHTS.items():
        networks[name].load_state_dict(read_safetensors(folder / name / file))
    return json.loads((folder / 'vae/config.json').read_text('utf8'))['scaling_factor']
