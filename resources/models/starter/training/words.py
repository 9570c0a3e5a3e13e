"""
Writes the words that the studio offers for the built-in model: renderer/panels/create/starter-words.ts.

    python words.py
"""

import pathlib
import textwrap

from captions import LANDS, SKIES, STYLES, load_nouns, with_article
from colours import COLOURS, GROUNDS

TARGET = pathlib.Path(__file__).resolve().parents[4] / 'renderer/panels/create/starter-words.ts'
PLACES = [
    'on the left',
    'on the right',
    'to the left of',
    'to the right of',
    'next to',
    'above',
    'below',
    'over',
    'under',
]
FILE = """/**
 * What the built-in model was shown in training, in the words it was told; what it saw most comes first.
 * Written by resources/models/starter/training/words.py.
 */
const THINGS = `
%s
`
const SETTINGS = `
%s
`
const REST = `
%s
`

/** The built-in model's words and phrases, the likeliest first. */
export const STARTER_WORDS: readonly string[] = `${THINGS},${SETTINGS},${REST}`
  .split(',')
  .map((word) => word.trim().replace(/\\s+/g, ' '))
"""


def main():
    nouns = load_nouns()
    things = [name for noun in nouns if noun.frequency == 'everyday' for name in noun.names]
    scenes = [phrase for group in (SKIES, LANDS) for phrases in group.values() for phrase in phrases]
    grounds = [f'on {with_article(ground)} background' for ground in GROUNDS]
    styles = [phrases[0] for phrases in STYLES.values()]
    settings = [*scenes, *grounds, *PLACES, *COLOURS, *(g for g in GROUNDS if g not in COLOURS), *styles]
    rest = [name for noun in nouns if noun.frequency == 'common' for name in noun.names]
    taken, blocks = set(), []
    for words in (things, settings, rest):
        own = [word for word in dict.fromkeys(words) if word not in taken]
        taken.update(own)
        blocks.append(textwrap.indent(textwrap.fill(', '.join(own), 112, break_on_hyphens=False), '  '))
    TARGET.write_text(FILE % tuple(blocks), 'utf8')
    print(len(taken), 'words')


if __name__ == '__main__':
    main()
