"""Colour words: what they look like, how drawings are recoloured, and which word a pixel deserves."""

import torch

# Recolouring keeps a drawing's shading. With s and v the saturation and value of a pixel, the new pixel has the hue
# given as RGB, saturation s0 + s1*s and value v0 + v1*v.
#          hue as RGB          s0    s1    v0    v1
PAINTS = {
    'red': ((1.00, 0.06, 0.08), 0.45, 0.50, 0.00, 0.93),
    'orange': ((1.00, 0.50, 0.02), 0.50, 0.48, 0.10, 0.90),
    'yellow': ((1.00, 0.84, 0.05), 0.45, 0.48, 0.20, 0.80),
    'green': ((0.12, 1.00, 0.22), 0.40, 0.42, 0.00, 0.80),
    'blue': ((0.05, 0.42, 1.00), 0.45, 0.50, 0.08, 0.90),
    'purple': ((0.62, 0.15, 1.00), 0.40, 0.42, 0.05, 0.83),
    'pink': ((1.00, 0.24, 0.62), 0.35, 0.38, 0.20, 0.80),
    'brown': ((1.00, 0.48, 0.10), 0.45, 0.35, 0.00, 0.58),
    'white': ((1.00, 1.00, 1.00), 0.00, 0.00, 0.62, 0.38),
    'black': ((0.80, 0.85, 1.00), 0.10, 0.10, 0.03, 0.24),
    'grey': ((1.00, 1.00, 1.00), 0.00, 0.00, 0.05, 0.75),
}
COLOURS = list(PAINTS)

# Plain grounds, 0..255. Those that share a word with COLOURS are told apart by `classify` as well.
GROUNDS = {
    'red': (214, 50, 45),
    'orange': (245, 145, 45),
    'yellow': (250, 215, 80),
    'green': (90, 175, 85),
    'blue': (70, 125, 215),
    'light blue': (165, 212, 246),
    'dark blue': (33, 48, 98),
    'purple': (145, 90, 200),
    'pink': (248, 165, 195),
    'white': (250, 250, 250),
    'black': (22, 22, 26),
    'grey': (160, 163, 167),
    'brown': (140, 92, 60),
    'teal': (60, 165, 160),
    'cream': (249, 239, 214),
}


def saturation_value(rgb):
    """(n, 3, ...) -> saturation and value, each (n, 1, ...)."""
    top = rgb.amax(1, keepdim=True)
    return (top - rgb.amin(1, keepdim=True)) / top.clamp(min=1e-5), top


def paint_table(device='cpu'):
    """(11, 7): the rows of PAINTS as one tensor."""
    return torch.tensor([[*hue, *rest] for hue, *rest in PAINTS.values()], dtype=torch.float32, device=device)


def recolour(rgba, paints):
    """Paints premultiplied pictures (n, 4, h, w), a row of `paint_table` each. Greyish pixels (eyes, outlines) stay."""
    alpha = rgba[:, 3:]
    rgb = rgba[:, :3] / alpha.clamp(min=1e-3)
    s, v = saturation_value(rgb)
    hue, s0, s1, v0, v1 = (c[..., None, None] for c in paints.split((3, 1, 1, 1, 1), 1))
    new_s, new_v = s0 + s1 * s, v0 + v1 * v
    new = new_v * (1 - new_s * (1 - hue))
    share = ((s - 0.12) * 5).clamp(0, 1)
    return torch.cat([torch.lerp(rgb, new.clamp(0, 1), share) * alpha, alpha], 1)


def classify(rgb):
    """(n, 3, ...) in 0..1 -> index into COLOURS of the word that fits each pixel, (n, ...)."""
    s, v = (x.squeeze(1) for x in saturation_value(rgb))
    r, g, b = rgb.unbind(1)
    spread = (s * v).clamp(min=1e-5)
    hue = (
        torch.where(v == r, (g - b) / spread % 6, torch.where(v == g, (b - r) / spread + 2, (r - g) / spread + 4)) * 60
    )
    word = torch.full_like(hue, COLOURS.index('red'), dtype=torch.long)
    for limit, name in (
        (14, 'orange'),
        (43, 'yellow'),
        (70, 'green'),
        (168, 'blue'),
        (255, 'purple'),
        (298, 'pink'),
        (346, 'red'),
    ):
        word[hue >= limit] = COLOURS.index(name)
    word[(word == COLOURS.index('red')) & (s < 0.55) & (v > 0.75)] = COLOURS.index('pink')
    word[(hue >= 8) & (hue < 46) & (v < 0.68) & (s > 0.25)] = COLOURS.index('brown')
    word[s < 0.16] = COLOURS.index('grey')
    word[(s < 0.12) & (v > 0.86)] = COLOURS.index('white')
    word[v < 0.27] = COLOURS.index('black')
    return word


def shares(rgb, weight, sure=None):
    """The share of each picture's weight (n, h, w) of each colour word: (n, 11). Pixels not `sure` have none."""
    word, counted = classify(rgb), weight if sure is None else weight * sure
    total = weight.flatten(1).sum(1).clamp(min=1e-5)
    return torch.stack([((word == c) * counted).flatten(1).sum(1) / total for c in range(len(COLOURS))], 1)
