"""
Writes sprites/colours.json: the colour each drawing has by nature (or none), and the colours it can reliably be given.

    python sprite_colours.py        after prepare.mjs
"""

import json

import colours
from colours import COLOURS
from painter import Sprites
from planner import SPRITES

SHARE_BY_NATURE = 0.7
SHARE_PAINTED = 0.55


def colour_words(sprites):
    """{'natural': [word or None], 'paints': [[word]]}, in the order of the drawings."""
    natural, paints, table = [], [], colours.paint_table()
    for part in sprites.level(56).cpu().float().div(255).split(64):
        weight = part[:, 3] * (part[:, 3] > 0.5)
        rgb = part[:, :3] / part[:, 3:].clamp(min=1e-3)
        saturation = colours.saturation_value(rgb)[0][:, 0]
        sure = (saturation < 0.16) | (saturation > 0.45)  # pastels have no sure word
        own = colours.shares(rgb, weight, sure)
        paintable = ((saturation > 0.3) * weight).flatten(1).sum(1) > 0.35 * weight.flatten(1).sum(1)
        given = [painted_share(part, weight, c, table) for c in range(len(COLOURS))]
        for i in range(len(part)):
            best = int(own[i].argmax())
            natural.append(COLOURS[best] if own[i, best] > SHARE_BY_NATURE else None)
            able = [COLOURS[c] for c in range(len(COLOURS)) if paintable[i] and given[c][i] > SHARE_PAINTED]
            paints.append([word for word in able if word != natural[-1]])
    return {'natural': natural, 'paints': paints}


def painted_share(part, weight, colour, table):
    """The share of each drawing that has the colour's word once it was painted with it."""
    painted = colours.recolour(part, table[colour : colour + 1].expand(len(part), -1))
    return colours.shares(painted[:, :3] / part[:, 3:].clamp(min=1e-3), weight)[:, colour]


if __name__ == '__main__':
    words = colour_words(Sprites())
    (SPRITES / 'colours.json').write_text(json.dumps(words).replace('], [', '],\n[') + '\n')
    print(
        sum(map(bool, words['natural'])),
        'drawings have a colour by nature;',
        sum(map(bool, words['paints'])),
        'can be painted',
    )
