"""safetensors files of float16 weights."""

import json
import struct

import torch


def write_safetensors(path, tensors):
    """The header is padded with spaces so that the data begin at a multiple of 64 bytes."""
    header, blobs, offset = {'__metadata__': {'format': 'pt'}}, [], 0
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().contiguous().to(torch.float16)
        if not torch.isfinite(values).all():
            raise ValueError(f'{path}: {name} does not fit fp16')
        blob = values.numpy().tobytes()
        header[name] = {'dtype': 'F16', 'shape': list(values.shape), 'data_offsets': [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-(8 + len(text)) % 64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        file.writelines(blobs)


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack('<Q', data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop('__metadata__', None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry['data_offsets'])
        values = torch.frombuffer(bytearray(data[start:end]), dtype=torch.float16)
        tensors[name] = values.reshape(entry['shape']).float()
    return tensors
