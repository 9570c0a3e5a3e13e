"""Chooses what the pictures show: drawings on plain grounds and in small procedural landscapes."""

import json
import pathlib
import random

import numpy as np

import captions
from captions import Picture, Thing
from colours import COLOURS, GROUNDS
from landscape import LANDS, SKIES, landscape, shade

SPRITES = pathlib.Path(__file__).resolve().parent / 'sprites'
PLACES = ('ground', 'sky', 'water', 'thing')
OFTEN = {'everyday': 2.2, 'common': 1}


class SpriteIndex:
    """What is known about every drawing, without its pixels."""

    def __init__(self, entries, words, nouns):
        self.entries, self.nouns = entries, nouns
        self.natural, self.paints = words['natural'], words['paints']
        self.find = {(e['noun'], e['style']): i for i, e in enumerate(entries)}

    @classmethod
    def load(cls, folder=SPRITES):
        folder = pathlib.Path(folder)
        entries = json.loads((folder / 'sprites.json').read_text('utf8'))
        words = json.loads((folder / 'colours.json').read_text('utf8'))
        drawn = {e['noun'] for e in entries}
        return cls(entries, words, [n for n in captions.load_nouns() if n.icon in drawn])

    def sprite(self, noun, style):
        """The drawing in that style, or in the one there is."""
        styles = (style, 'flat', 'noto')
        return next(self.find[noun.icon, s] for s in styles if (noun.icon, s) in self.find)


class Planner:
    """
    Plans pictures by lot.
    flat, single: the shares of flat drawings and of plain grounds; recolour: the share of things that are painted over
    jitter: below 1 it narrows sizes and positions, which a small model learns sooner
    mirror: the share of mirrored things
    alone, together: how often things of each frequency are drawn on plain grounds, in landscapes
    """

    def __init__(
        self,
        index,
        seed=0,
        flat=0.65,
        single=0.5,
        jitter=1.0,
        mirror=0.3,
        recolour=0.25,
        alone=OFTEN,
        together=OFTEN,
    ):
        self.index, self.rng = index, random.Random(seed)
        self.flat, self.single, self.jitter, self.mirror, self.recolour = flat, single, jitter, mirror, recolour
        self.pool = self._pool(PLACES, alone)
        self.pools = {place: self._pool([place], together) for place in PLACES}

    def _pool(self, places, often):
        nouns = [n for n in self.index.nouns if n.place in places]
        return nouns, list(np.cumsum([often[n.frequency] for n in nouns]))

    def picture(self):
        return self.plain() if self.rng.random() < self.single else self.scene()

    def around(self, low, high):
        """A number between low and high, drawn to the middle by `jitter`."""
        return (low + high) / 2 + (self.rng.random() - 0.5) * (high - low) * self.jitter

    def noun(self, place=None):
        nouns, weights = self.pools[place] if place else self.pool
        return self.rng.choices(nouns, cum_weights=weights)[0]

    def style(self):
        return 'flat' if self.rng.random() < self.flat else 'noto'

    def thing(self, noun, style, size, colour=None, widest=0.96):
        """A drawing of the noun. `colour` asks for that colour (ValueError when it cannot have it)."""
        rng, sprite = self.rng, self.index.sprite(noun, style)
        entry = self.index.entries[sprite]
        thing = Thing(sprite, rng.choices(noun.names, [3] + [1.5] * (len(noun.names) - 1))[0])
        self._colour(thing, noun, colour)
        # The longer side gets the wished size, but long drawings are at least 30% high where the width allows it.
        least = min(0.30 / entry['height'], widest / entry['width'])
        thing.size = max(size / max(entry['width'], entry['height']), least)
        thing.flip = noun.place != 'thing' and rng.random() < self.mirror
        return thing

    def _colour(self, thing, noun, colour):
        rng, natural, paints = self.rng, self.index.natural[thing.sprite], self.index.paints[thing.sprite]
        if colour is not None:
            if colour in paints:
                thing.paint = colour
            elif colour != natural:
                raise ValueError(f'{noun.icon} cannot be {colour}')
            thing.colour = colour
        elif paints and rng.random() < self.recolour:
            thing.paint = thing.colour = rng.choice(paints)
        elif natural and rng.random() < 0.2 and thing.name.split()[0] not in COLOURS:
            thing.colour = natural
        if thing.colour:
            thing.name = captions.without_colour(thing.name)

    def plain(self, noun=None, colour=None, ground=None, style=None):
        """One thing on a plain ground."""
        rng, style = self.rng, style or self.style()
        thing = self.thing(noun or self.noun(), style, self.around(0.66, 0.90), colour)
        thing.x, thing.y = (0.5 + self.around(-0.05, 0.05) for _ in range(2))
        if rng.random() < 0.25:
            thing.shadow = 0.25
        if not thing.flip and rng.random() < 0.25 * self.mirror / 0.3:
            thing.turn = self.around(-0.2, 0.2)
        ground = ground or self._ground(thing)
        base = shade(rng, GROUNDS[ground], 9)
        near, far, kind = base, base, rng.choices(['even', 'down', 'round'], [0.6, 0.25, 0.15])[0]
        if kind == 'down':
            far = np.clip(base * rng.uniform(0.84, 0.95) + rng.uniform(0, 0.05), 0, 1)
        elif kind == 'round':
            near, far = np.clip(base * 1.05 + 0.02, 0, 1), base * 0.9
        return Picture([thing], 'single', style, ground=ground, backdrop={'near': near, 'far': far, 'kind': kind})

    def _ground(self, thing):
        """A ground that the thing stands out from."""
        own, ground = thing.paint or self.index.natural[thing.sprite], None
        while ground is None or ground.split()[-1] == own:
            light = self.rng.random() >= 0.8
            ground = self.rng.choice(['white', 'light blue', 'cream'] if light else list(GROUNDS))
        return ground

    def scene(self, nouns=(), layout=None, sky=None, land=None, style=None):
        """One to three things in a landscape; what is given is not drawn by lot."""
        rng, style = self.rng, style or self.style()
        sky = sky or rng.choices(list(SKIES), [4, 2.5, 2.5, 1.5])[0]
        land = land or rng.choices(list(LANDS), [4, 2, 2.2, 2, 2.5])[0]
        backdrop, extras = landscape(rng, sky, land)
        layout = layout or rng.choices(['single', 'beside', 'above', 'three'], [0.45, 0.34, 0.12, 0.09])[0]
        if layout == 'single':
            layout = rng.choices(['middle', 'left', 'right'], [0.6, 0.2, 0.2])[0]
        place = 'water' if land == 'sea' else 'thing' if rng.random() < 0.08 else 'ground'
        shadow = 0.0 if land == 'sea' else 0.3
        arrange = {'beside': self._beside, 'three': self._beside, 'above': self._above}.get(layout, self._alone)
        things = arrange(list(nouns), style, layout, place, shadow)
        for thing in things:  # nothing is cut off at the sides
            half = self.index.entries[thing.sprite]['width'] * thing.size / 2
            thing.x = min(max(thing.x, half + 0.01), 0.99 - half)
        return Picture(things, layout, style, sky=sky, land=land, extras=extras, backdrop=backdrop)

    def _alone(self, nouns, style, layout, place, shadow):
        flies = not nouns and self.rng.random() < 0.2
        noun = nouns[0] if nouns else self.noun('sky' if flies else place)
        thing = self.thing(noun, style, self.around(0.50, 0.68 if layout == 'middle' else 0.60))
        x = 0.5 + {'left': -0.22, 'middle': 0, 'right': 0.22}[layout] + self.around(-0.04, 0.04)
        if not flies:
            return [self._stand(thing, x, self.around(0.86, 0.95), shadow)]
        thing.x, thing.y = x, self.around(0.32, 0.42)
        return [thing]

    def _above(self, nouns, style, _, place, shadow):
        upper, lower = nouns or (self.noun('sky'), self.noun(place))
        upper = self.thing(upper, style, self.around(0.38, 0.44), widest=0.5)
        lower = self.thing(lower, style, self.around(0.46, 0.52), widest=0.5)
        x = self.around(0.36, 0.64)
        upper.x, upper.y = x + self.around(-0.06, 0.06), self.around(0.21, 0.24)
        return [upper, self._stand(lower, x + self.around(-0.06, 0.06), 0.96, shadow)]

    def _beside(self, nouns, style, layout, place, shadow):
        first, second = nouns or (self.noun(place), self.noun(place))
        while second is first:
            second = self.noun(place)
        largest = 0.44 if layout == 'three' else 0.48
        bottom = self.around(0.86, 0.94)
        left, right = (self.thing(noun, style, self.around(0.41, largest), widest=0.5) for noun in (first, second))
        things = [
            self._stand(left, self.around(0.25, 0.28), bottom + self.around(-0.02, 0.02), shadow),
            self._stand(right, self.around(0.72, 0.75), bottom + self.around(-0.02, 0.02), shadow),
        ]
        if layout == 'three':
            upper = self.thing(self.noun('sky'), style, self.around(0.36, 0.40), widest=0.5)
            upper.x, upper.y = self.around(0.38, 0.62), 0.21
            things.append(upper)
        return things

    def _stand(self, thing, x, bottom, shadow):
        thing.x, thing.y = x, bottom - self.index.entries[thing.sprite]['height'] * thing.size / 2
        thing.shadow = shadow
        return thing
