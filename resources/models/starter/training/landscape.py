"""The grounds that things stand on: sky, land and what is in the sky, as numbers for painter.py."""

import numpy as np

STARS = 18
CLOUDS = 4

# Colours from top to bottom, 0..255.
SKIES = {
    'day': ((105, 180, 240), (200, 230, 250)),
    'sunset': ((120, 80, 150), (255, 165, 90)),
    'night': ((14, 20, 52), (48, 62, 115)),
    'cloudy': ((150, 165, 180), (205, 212, 220)),
}
LANDS = {
    'grass': ((120, 190, 80), (80, 150, 60)),
    'sand': ((240, 215, 150), (220, 185, 115)),
    'snow': ((245, 248, 252), (215, 226, 240)),
    'sea': ((50, 130, 190), (25, 85, 150)),
    'hills': ((130, 190, 90), (95, 160, 75)),
}
# What is left of the land's colours under each sky.
LIGHT = {'day': (1, 1, 1), 'sunset': (0.91, 0.82, 0.77), 'night': (0.40, 0.45, 0.60), 'cloudy': (0.88, 0.88, 0.88)}


def shade(rng, rgb, spread=8):
    """The colour (0..255), a little off, in 0..1."""
    return np.clip([c + rng.uniform(-spread, spread) for c in rgb], 0, 255) / 255


def landscape(rng, sky, land):
    """The numbers of one landscape, and the words for what is in its sky. Places are parts of the picture's side."""
    u = rng.uniform
    horizon = u(0.60, 0.74)
    scene = {
        'horizon': horizon,
        'sky': [shade(rng, c) for c in SKIES[sky]],
        'land': [np.clip(shade(rng, c) * LIGHT[sky], 0, 1) for c in LANDS[land]],
        # height, frequency, phase and level of two waves: hills far away, and where the land begins
        'ridge': (0, 0, 0, 2.0),
        'edge': (0, 0, 0, horizon),
        'sea': u(0, 1) if land == 'sea' else None,
        'stars': None,
    }
    if land == 'hills':
        scene['ridge'] = (0.05, u(5, 8), u(0, 6.3), horizon - 0.06)
        scene['edge'] = (0.03, u(4, 7), u(0, 6.3), horizon + 0.04)
    elif land in ('snow', 'sand'):
        scene['edge'] = (0.015, u(3, 7), u(0, 6.3), horizon)
    if sky == 'night':
        scene['stars'] = [(int(u(2, 126)), int(u(2, 128 * horizon * 0.85)), u(0.5, 1)) for _ in range(STARS)]
    scene['disc'], extras = _disc(rng, sky, horizon)
    clouds = rng.randint(2, CLOUDS) if sky == 'cloudy' else rng.randint(1, 2) if sky == 'day' and u(0, 1) < 0.5 else 0
    white = 0.91 if sky == 'cloudy' else 1.0
    scene['clouds'] = [(u(0, 1), u(0.08, 0.30), u(0.08, 0.14), white) for _ in range(clouds)]
    return scene, extras


def _disc(rng, sky, horizon):
    """Sun or moon (x, y, radius, red, green, blue, crescent) or None, and its word in a list."""
    u = rng.uniform
    if sky == 'night' and u(0, 1) < 0.6:
        return (u(0.12, 0.88), u(0.10, 0.24), u(0.06, 0.09), 0.98, 0.94, 0.76, float(u(0, 1) < 0.5)), ['moon']
    if sky == 'day' and u(0, 1) < 0.55:
        return (u(0.12, 0.88), u(0.10, 0.22), u(0.07, 0.10), 1, 0.87, 0.3, 0), ['sun']
    if sky == 'sunset' and u(0, 1) < 0.55:
        return (u(0.12, 0.88), horizon - u(0, 0.1), u(0.10, 0.14), 1, 0.8, 0.4, 0), ['sun']
    return None, []
