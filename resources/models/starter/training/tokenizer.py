"""Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) as CLIP's text encoder has it: vocab.json, merges.txt."""

import collections
import json
import pathlib
import random
import re

import captions
from colours import COLOURS, GROUNDS
from planner import Planner

MERGES = 2600
START, END = '<|startoftext|>', '<|endoftext|>'
PIECES = re.compile(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.IGNORECASE
)


def byte_letters():
    """The 256 bytes as printable characters, as byte-level BPE writes them."""
    printable = [*range(ord('!'), ord('~') + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {b: chr(b) for b in printable}
    for b in range(256):
        letters.setdefault(b, chr(256 + len(letters) - len(printable)))
    return {b: letters[b] for b in [*printable, *(b for b in range(256) if b not in printable)]}


LETTERS = byte_letters()


def words(text):
    text = re.sub(r'\s+', ' ', text).strip().lower()
    return [''.join(LETTERS[b] for b in piece.encode('utf8')) for piece in PIECES.findall(text)]


def merge(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


class Tokenizer:
    def __init__(self, vocab, merges, length):
        self.vocab, self.merges, self.length = vocab, merges, length
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.known = {}

    @classmethod
    def load(cls, folder, length):
        folder = pathlib.Path(folder)
        lines = (folder / 'merges.txt').read_text('utf8').split('\n')[1:]
        return cls(
            json.loads((folder / 'vocab.json').read_text('utf8')),
            [tuple(l.split(' ')) for l in lines if l.strip()],
            length,
        )

    def save(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'vocab.json').write_text(json.dumps(self.vocab, ensure_ascii=False), 'utf8')
        (folder / 'merges.txt').write_text('#version: 0.2\n' + ''.join(f'{a} {b}\n' for a, b in self.merges), 'utf8')

    def word(self, word):
        if word not in self.known:
            symbols = [*word[:-1], word[-1] + '</w>']
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
                if best not in self.rank:
                    break
                symbols = merge(symbols, best)
            self.known[word] = [self.vocab[s] for s in symbols]
        return self.known[word]

    def __call__(self, text):
        """Token ids, cut and padded with the end token to `length`."""
        ids = [i for word in words(text) for i in self.word(word)][: self.length - 2]
        end = self.vocab[END]
        return [self.vocab[START], *ids] + [end] * (self.length - 1 - len(ids))


def learn(counts, length):
    """Learns merges from {word: count}; each step joins the most frequent neighbours."""
    symbols = {word: [*word[:-1], word[-1] + '</w>'] for word in counts}
    merges = []
    while len(merges) < MERGES:
        pairs = collections.Counter()
        for word, parts in symbols.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = max(pairs.items(), key=lambda item: (item[1], item[0]))[0]
        merges.append(best)
        for word, parts in symbols.items():
            if best[0] in parts and best[1] in parts:
                symbols[word] = merge(parts, best)
    base = list(LETTERS.values())
    tokens = [*base, *(c + '</w>' for c in base), *(a + b for a, b in merges), START, END]
    return Tokenizer({token: i for i, token in enumerate(dict.fromkeys(tokens))}, merges, length)


def corpus(index):
    """Every word the captions can use, counted; each noun's names again, so that all of them become one token."""
    planner, counts, rng = Planner(index, seed=1), collections.Counter(), random.Random(2)
    for _ in range(20000):
        counts.update(words(captions.caption(planner.picture(), rng)))
    always = [name for noun in index.nouns for name in noun.names]
    always += [*COLOURS, *GROUNDS, *captions.OPENINGS, *captions.GROUND_PHRASES]
    for group in (captions.SKIES, captions.LANDS, captions.STYLES):
        always += [phrase for phrases in group.values() for phrase in phrases]
    for text in always:
        counts.update({word: 50 for word in words(text.replace('%s', ''))})
    return counts
