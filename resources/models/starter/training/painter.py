"""Draws planned pictures in batches, on any device."""

import io
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import colours
from planner import SPRITES

LEVELS = (224, 160, 112, 80, 56)  # sizes the drawings are kept in
STAR_GRID = 128


class Sprites:
    """The drawings' pixels: premultiplied RGBA bytes on the device, in each of LEVELS (made when first asked for)."""

    def __init__(self, device='cpu', folder=SPRITES):
        folder = pathlib.Path(folder)
        pack = (folder / 'sprites.bin').read_bytes()
        pictures = []
        for e in json.loads((folder / 'sprites.json').read_text('utf8')):
            png = io.BytesIO(pack[e['offset'] : e['offset'] + e['length']])
            rgba = np.asarray(Image.open(png).convert('RGBA')).astype(np.uint16)
            rgba[..., :3] = (rgba[..., :3] * rgba[..., 3:] + 127) // 255
            pictures.append(rgba.astype(np.uint8))
        full = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
        self.levels = {LEVELS[0]: full.to(device)}

    def level(self, size):
        if size not in self.levels:
            full = self.levels[LEVELS[0]].split(64)
            small = [
                F.interpolate(part.float(), size=(size, size), mode='bilinear', antialias=True, align_corners=False)
                for part in full
            ]
            self.levels[size] = torch.cat([part.round().clamp(0, 255).to(torch.uint8) for part in small])
        return self.levels[size]


class Painter:
    """Draws a plan of collate.py: (count, 3, size, size) float32 in 0..1 on the sprites' device."""

    def __init__(self, sprites, size, device='cpu'):
        self.sprites, self.size, self.device = sprites, size, torch.device(device)
        line = (torch.arange(size, device=device, dtype=torch.float32) + 0.5) / size
        self.x, self.y = line.view(1, 1, 1, -1), line.view(1, 1, -1, 1)

    @torch.no_grad()
    def __call__(self, plan):
        image = torch.empty(plan['count'], 3, self.size, self.size, device=self.device)
        plain = 0 if plan['plain'] is None else len(plan['plain'])
        if plain:
            image[:plain] = self._plain(plan['plain'])
        if plan['scene'] is not None:
            image[plain:] = self._landscape(plan)
        for layer in plan['layers']:
            self._things(image[layer['start'] : layer['start'] + len(layer['sprite'])], layer)
        return image.clamp_(0, 1)

    def _put(self, array):
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)

    def _numbers(self, array):
        """(n, k) -> (n, k, 1, 1), to be spread over pixels."""
        return self._put(array)[..., None, None]

    def _plain(self, rows):
        near, far, kind = self._numbers(rows).split((3, 3, 1), 1)
        radius = (1.5 * ((self.x - 0.5) ** 2 + (self.y - 0.5) ** 2).sqrt()).clamp(max=1)
        return torch.lerp(near, far, (kind == 1) * self.y + (kind == 2) * radius)

    def _landscape(self, plan):
        y, size = self.y, self.size
        numbers = self._numbers(plan['scene']).split((1, 3, 3, 3, 3, 4, 4), 1)
        horizon, top, low, land_far, land_near, ridge, edge = numbers
        image = torch.lerp(top, low, (y / horizon).clamp(max=1)).expand(-1, -1, -1, size).contiguous()
        self._in_the_sky(image, plan)
        below = lambda w: ((y - w[:, 3:] - w[:, :1] * torch.sin(w[:, 1:2] * self.x + w[:, 2:3])) * size).clamp(0, 1)
        image = torch.lerp(image, (land_far * 0.85).expand_as(image), below(ridge))
        land = torch.lerp(land_far, land_near, ((y - horizon) / (1 - horizon)).clamp(0, 1)).expand_as(image)
        image = torch.lerp(image, land, below(edge))
        rows, seeds = plan['sea']
        if len(rows):
            rows = self._put(rows)
            glints = self._glints(horizon[rows], self._put(seeds)[:, None, None, None])
            image[rows] = image[rows] + (land_near[rows] + 0.35 - image[rows]) * 0.4 * glints
        return image

    def _in_the_sky(self, image, plan):
        rows, stars = plan['stars']
        if len(rows):
            self._stars(image, self._put(rows), self._put(stars))
        rows, discs = plan['disc']
        if len(rows):
            self._disc(image, self._put(rows), self._numbers(discs))
        for rows, clouds in plan['clouds']:
            if len(rows):
                self._cloud(image, self._put(rows), self._numbers(clouds))

    def _stars(self, image, rows, stars):
        sky = torch.zeros(len(rows), STAR_GRID**2, device=self.device)
        at = (stars[..., 1] * STAR_GRID + stars[..., 0]).long()
        sky.scatter_(1, at, stars[..., 2])
        sky.scatter_(1, at + 1, stars[..., 2] * (stars[..., 2] > 0.8))
        sky = sky.view(-1, 1, STAR_GRID, STAR_GRID)
        sky = F.interpolate(sky, size=(self.size, self.size), mode='bilinear', align_corners=False)
        image[rows] = torch.maximum(image[rows], sky * 0.97)

    def _disc(self, image, rows, discs):
        upper = slice(0, int(0.9 * self.size))
        y = self.y[:, :, upper]
        dx, dy, r, rgb, crescent = discs.split((1, 1, 1, 3, 1), 1)
        disc = lambda cx, cy: ((r - ((self.x - cx) ** 2 + (y - cy) ** 2).sqrt()) * self.size + 0.5).clamp(0, 1)
        mask = disc(dx, dy) * (1 - crescent * disc(dx + 0.55 * r, dy - 0.15 * r))
        image[rows, :, upper] = torch.lerp(image[rows, :, upper], rgb.expand(-1, -1, *mask.shape[2:]), mask)

    def _cloud(self, image, rows, clouds):
        upper = slice(0, self.size // 2)
        cx, cy, width, white = clouds.split(1, 1)
        mask = torch.zeros((), device=self.device)
        for dx, dy, r in ((-1, 0.1, 0.45), (-0.4, -0.25, 0.6), (0.4, -0.1, 0.56), (1, 0.12, 0.41)):
            far = (self.x - cx - dx * width) ** 2 + ((self.y[:, :, upper] - cy - dy * width) * 1.25) ** 2
            mask = torch.maximum(((width * r - far.sqrt()) * self.size + 0.5).clamp(0, 0.95), mask)
        part = image[rows, :, upper]
        image[rows, :, upper] = part + (white - part) * mask

    def _glints(self, horizon, seed):
        """Short light strokes on the sea: one per band of rows, at a place that looks random."""
        depth = (self.y - horizon) * 26
        band = depth.floor()
        chance = lambda k: (torch.sin((band + 1) * (12.9898 + k) + seed * 78.233) * 43758.55) % 1
        inside = (depth - band - 0.5).abs() < 0.16
        near = (self.x - chance(0)).abs() < 0.03 + 0.07 * chance(1)
        return (inside & near & (depth > 1)).float()

    def _things(self, image, layer):
        rows, shadows = layer['shadow']
        if len(rows):
            rows = self._put(rows)
            sx, sy, rx, ry, depth = self._numbers(shadows).split(1, 1)
            far = ((self.x - sx) / rx) ** 2 + ((self.y - sy) / ry) ** 2
            image[rows] = image[rows] * (1 - depth * torch.exp(-2.5 * far))
        wanted = layer['largest'] * self.size * 0.95
        level = min((size for size in LEVELS if size >= wanted), default=LEVELS[0])
        cells = self.sprites.level(level)[self._put(layer['sprite'])].float().div_(255)
        grid = F.affine_grid(self._put(layer['affine']), (len(cells), 4, self.size, self.size), align_corners=False)
        cells = F.grid_sample(cells, grid, mode='bilinear', padding_mode='zeros', align_corners=False)
        rows, paints = layer['paint']
        if len(rows):
            rows = self._put(rows)
            cells[rows] = colours.recolour(cells[rows], self._put(paints))
        image.mul_(1 - cells[:, 3:]).add_(cells[:, :3])
