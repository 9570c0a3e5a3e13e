"""
Draws the real pictures that the built-in model's are compared with, and writes what is asked of it: pictures/KIND.webp
and cases.json. Seeds are others than those the judge or the model learned from.

    python draw.py

nouns: 'a NOUN' for each noun      colours: an everyday thing in a colour it can have      grounds: on a plain ground
scenes: one thing to the left of another, with a sky and a land      seeds: some nouns several times
"""

import json
import random

from recipe import HERE

from captions import LANDS, SKIES, plainly
from collate import collate
from colours import COLOURS, GROUNDS
from painter import Painter, Sprites
from pictures import sheet, to_images
from planner import Planner, SpriteIndex

SIZE, COLUMNS = 128, 20
COUNT = 60
SEEDS, PER_SEED = 20, 6
SHEETS = HERE / 'pictures'


def cases(index, rng):
    """{kind: [(prompt, labels, arguments of the planner)]}"""
    nouns = index.nouns
    number = {noun.icon: i for i, noun in enumerate(nouns)}
    everyday = [n for n in nouns if n.frequency == 'everyday']
    standing = [n for n in everyday if n.place == 'ground']
    coloured = [(n, c) for n in everyday for c in index.paints[index.sprite(n, 'flat')]]
    grounds = [(rng.choice(everyday), list(GROUNDS)[i % len(GROUNDS)]) for i in range(COUNT)]
    pairs = [
        (rng.sample(standing, 2), rng.choice(list(SKIES)), rng.choice(['grass', 'sand', 'snow', 'hills']))
        for _ in range(COUNT)
    ]
    name = lambda noun: plainly(noun.names[0])
    return {
        'nouns': [(name(n), {'nouns': [number[n.icon]]}, {'noun': n}) for n in nouns],
        'colours': [
            (
                plainly(n.names[0], c),
                {'nouns': [number[n.icon]], 'colour': COLOURS.index(c)},
                {'noun': n, 'colour': c, 'style': 'flat'},
            )
            for n, c in rng.sample(coloured, COUNT)
        ],
        'grounds': [
            (
                f'{name(n)} on a {g} background',
                {'nouns': [number[n.icon]], 'ground': list(GROUNDS).index(g)},
                {'noun': n, 'ground': g},
            )
            for n, g in grounds
        ],
        'scenes': [
            (
                f'{name(a)} to the left of {name(b)}, {SKIES[sky][0]}, {LANDS[land][0]}',
                {'nouns': [number[a.icon], number[b.icon]]},
                {'nouns': (a, b), 'layout': 'beside', 'sky': sky, 'land': land},
            )
            for (a, b), sky, land in pairs
        ],
        'seeds': [
            (name(n), {'nouns': [number[n.icon]]}, {'noun': n})
            for n in rng.sample(everyday, SEEDS)
            for _ in range(PER_SEED)
        ],
    }


def main():
    index, rng = SpriteIndex.load(), random.Random(7)
    planner, painter = Planner(index, seed=20261), Painter(Sprites(), SIZE)
    SHEETS.mkdir(exist_ok=True)
    written = {}
    for kind, group in cases(index, rng).items():
        plan = planner.scene if kind == 'scenes' else planner.plain
        images = [to_images(painter(collate(index, [plan(**arguments)])[1]))[0] for _, _, arguments in group]
        sheet(images, columns=COLUMNS, gap=0).save(SHEETS / f'{kind}.webp', quality=92, method=6)
        written[kind] = [{'prompt': prompt, **labels} for prompt, labels, _ in group]
    (HERE / 'cases.json').write_text(json.dumps(written) + '\n')


if __name__ == '__main__':
    main()
