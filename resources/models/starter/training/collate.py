"""Planned pictures as arrays, which painter.py draws all at once."""

import math

import numpy as np

from colours import COLOURS, paint_table
from landscape import CLOUDS

KINDS = ('even', 'down', 'round')
PAINT_TABLE = paint_table().numpy()


def collate(index, pictures):
    """Orders pictures (plain first, then by number of things) and turns them into arrays: (pictures, plan)."""
    pictures = sorted(pictures, key=lambda p: (p.ground is None, len(p.things)))
    plain = [p for p in pictures if p.ground]
    plan = {'count': len(pictures), 'plain': None, 'scene': None, 'layers': []}
    if plain:
        backdrops = [p.backdrop for p in plain]
        plan['plain'] = _floats([[*b['near'], *b['far'], KINDS.index(b['kind'])] for b in backdrops])
        plan['layers'].append(_layer(index, 0, [p.things[0] for p in plain]))
    if len(plain) < len(pictures):
        plan.update(_scenes([p.backdrop for p in pictures[len(plain) :]]))
    for k in range(3):
        start = next((i for i, p in enumerate(pictures) if not p.ground and len(p.things) > k), None)
        if start is not None:
            plan['layers'].append(_layer(index, start, [p.things[k] for p in pictures[start:]]))
    return pictures, plan


def _scenes(scenes):
    numbers = [
        [s['horizon'], *s['sky'][0], *s['sky'][1], *s['land'][0], *s['land'][1], *s['ridge'], *s['edge']]
        for s in scenes
    ]
    clouds = []
    for k in range(CLOUDS):
        rows = _rows([len(s['clouds']) > k for s in scenes])
        clouds.append((rows, _floats([scenes[i]['clouds'][k] for i in rows])))
    plan = {'scene': _floats(numbers), 'clouds': clouds}
    for name in ('disc', 'stars', 'sea'):  # rows of those that have one, and theirs
        rows = _rows([s[name] is not None for s in scenes])
        plan[name] = rows, _floats([scenes[i][name] for i in rows])
    return plan


def _layer(index, start, things):
    """Arrays for drawing one thing into each of the pictures start, start + 1, ..."""
    entries = [index.entries[t.sprite] for t in things]
    painted, shaded = _rows([t.paint for t in things]), _rows([t.shadow > 0 for t in things])
    shadows = []  # centre, radii and depth of an ellipse below the thing
    for thing, entry in ((things[i], entries[i]) for i in shaded):
        bottom = thing.y + entry['height'] * thing.size / 2 - 0.01
        shadows.append((thing.x, bottom, entry['width'] * thing.size * 0.62, 0.045, thing.shadow))
    return {
        'start': start,
        'largest': max(t.size for t in things),
        'sprite': np.array([t.sprite for t in things], np.int64),
        'affine': _floats([_affine(t) for t in things]),
        'paint': (painted, PAINT_TABLE[[COLOURS.index(things[i].paint) for i in painted]]),
        'shadow': (shaded, _floats(shadows)),
    }


def _affine(thing):
    """From places in the picture to places in the drawing, both in -1..1."""
    c, s, m = math.cos(thing.turn) / thing.size, math.sin(thing.turn) / thing.size, -1 if thing.flip else 1
    x, y = 2 * thing.x - 1, 2 * thing.y - 1
    return [[m * c, m * s, -m * (c * x + s * y)], [-s, c, s * x - c * y]]


def _rows(flags):
    return np.array([i for i, flag in enumerate(flags) if flag], np.int64)


def _floats(rows):
    return np.array(rows, np.float32)
