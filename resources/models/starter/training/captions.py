"""The words: the list of things, and captions for composed pictures."""

import pathlib
import re
from dataclasses import dataclass, field

from colours import COLOURS

HERE = pathlib.Path(__file__).resolve().parent
FREQUENCIES = {'+': 'everyday', ' ': 'common'}
KEEP_HYPHENS = {'t-rex', 't-shirt', 'jack-o-lantern', 'tuk-tuk'}
PLURALS = (
    'grapes cherries blueberries peas pancakes fries noodles jeans gloves socks glasses sunglasses books headphones '
    'maracas scissors skis scales lips trousers houses fireworks'
).split()
UNCOUNTABLE = set(
    'bread rice curry ramen pasta sushi popcorn butter salt milk coffee wine beer soda champagne honey cheese meat '
    'steak bacon corn garlic lettuce broccoli chocolate soap saturn earth fire lightning dna salad'.split()
)
SKIES = {
    'day': ['sunny day', 'blue sky', 'daytime', 'clear sky'],
    'sunset': ['sunset', 'orange sky', 'at sunset', 'sunset sky'],
    'night': ['night', 'starry night', 'at night', 'night sky'],
    'cloudy': ['cloudy sky', 'cloudy day', 'grey sky', 'overcast'],
}
LANDS = {
    'grass': ['grass', 'green grass', 'on the grass', 'meadow'],
    'sand': ['sand', 'on the beach', 'sandy ground', 'desert'],
    'snow': ['snow', 'snowy ground', 'in the snow', 'winter'],
    'sea': ['sea', 'on the water', 'ocean', 'at sea'],
    'hills': ['hills', 'green hills', 'in the hills', 'countryside'],
}
STYLES = {'flat': ['flat style', 'flat'], 'noto': ['glossy style', 'noto style']}
GROUND_PHRASES = ['on a %s background', '%s background', 'on %s background', 'with a %s background']
OPENINGS = ['a picture of ', 'a drawing of ', 'an icon of ', 'a photo of ', 'emoji of ']


@dataclass
class Noun:
    icon: str
    place: str  # ground, sky, water or thing
    names: list
    frequency: str  # everyday or common


@dataclass
class Thing:
    """One drawing in a picture. Positions and sizes are parts of the picture's side."""

    sprite: int
    name: str
    colour: str = None  # the colour word a caption may use; None: say nothing
    paint: str = None  # the colour it is recoloured to; None: its own colours
    x: float = 0.5
    y: float = 0.5
    size: float = 0.8
    flip: bool = False
    turn: float = 0.0
    shadow: float = 0.0


@dataclass
class Picture:
    things: list
    layout: str  # single | left, middle, right | beside | above | three
    style: str
    ground: str = None  # plain pictures: a word of GROUNDS
    sky: str = None  # scenes: a word of SKIES and one of LANDS
    land: str = None
    extras: list = field(default_factory=list)
    backdrop: dict = field(default_factory=dict)


def load_nouns(path=HERE / 'nouns.txt'):
    nouns, place = [], None
    for line in pathlib.Path(path).read_text('utf8').splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        if line.startswith('['):
            place = line.strip('[]')
            continue
        icon, _, names = line[2:].partition(':')
        icon = icon.strip()
        readable = lambda name: name if name in KEEP_HYPHENS else name.replace('-', ' ')
        names = [readable(name.strip()) for name in (names or icon).split(',')]
        nouns.append(Noun(icon, place, names, FREQUENCIES[line[0]]))
    return nouns


def with_article(words):
    return ('an ' if words[0] in 'aeiou' and not words.startswith(('uni', 'eu', 'ufo', 'one')) else 'a ') + words


def takes_article(name):
    return not (name.endswith(tuple(PLURALS)) or name in UNCOUNTABLE or name == 'mount fuji')


def plainly(name, colour=None):
    """'a red apple', always the same way."""
    words = f'{colour} {without_colour(name)}' if colour else name
    return with_article(words) if takes_article(name) else words


def phrase(thing, rng):
    """'a red apple', 'red apple' or 'the red apple'."""
    words = f'{thing.colour} {thing.name}' if thing.colour else thing.name
    if not takes_article(thing.name):
        return words
    r = rng.random()
    return with_article(words) if r < 0.72 else words if r < 0.92 else 'the ' + words


def _append(text, parts, rng):
    for part in parts:
        joins = re.match(r'(on|in|at|with)\b', part) and rng.random() < 0.6
        text += (' ' if joins else ', ') + part
    return text


def _things(picture, rng):
    named = [phrase(thing, rng) for thing in picture.things]
    r = rng.random()
    if picture.layout == 'beside':  # things[0] is the left one
        left, right = named
        if r < 0.40:
            return f'{left} to the left of {right}'
        if r < 0.60:
            return f'{right} to the right of {left}'
        if r < 0.72:
            return f'{left} on the left, {right} on the right'
        return f'{left} and {right}' if r < 0.90 else f'{left} next to {right}'
    if picture.layout == 'above':  # things[0] is the upper one
        upper, lower = named
        if r < 0.50:
            return f'{upper} {rng.choice(["above", "over"])} {lower}'
        return f'{lower} {rng.choice(["below", "under"])} {upper}' if r < 0.70 else f'{upper} and {lower}'
    if picture.layout == 'three':  # left, right, upper
        left, right, upper = named
        return f'{left} and {right} {rng.choice(["under", "below"])} {upper}'
    side = {'left': ' on the left', 'right': ' on the right'}.get(picture.layout, '')
    return named[0] + (side if r < 0.75 else '')


def caption(picture, rng):
    """A caption that is true of the picture; parts are left out at random."""
    text, parts = _things(picture, rng), []
    if picture.ground:
        if rng.random() < 0.5:
            parts.append(rng.choice(GROUND_PHRASES) % picture.ground)
        if rng.random() < 0.12:
            text = rng.choice(OPENINGS) + text
    else:
        if rng.random() < 0.75:
            parts.append(rng.choice(SKIES[picture.sky]))
        if rng.random() < 0.75:
            parts.append(rng.choice(LANDS[picture.land]))
        if picture.extras and rng.random() < 0.35:
            parts.append(rng.choice(picture.extras))
    if rng.random() < (0.25 if picture.ground else 0.10):
        parts.append(rng.choice(STYLES[picture.style]))
    rng.shuffle(parts)
    return _append(text, parts, rng)


def without_colour(name):
    """'red apple' -> 'apple': a recoloured apple must not be called red."""
    first, _, rest = name.partition(' ')
    return rest if rest and first in COLOURS else name
