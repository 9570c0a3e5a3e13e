"""Leads to the built-in model's own picture generator, which draws what the judge learns from."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / 'resources/models/starter/training'))
