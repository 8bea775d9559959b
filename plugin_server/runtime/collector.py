"""Python's cyclic garbage collector, set for programs that read lists of thousands."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50
"""Allocations between collections of the youngest objects, and how many of these between the older ones'."""


def settle() -> None:
    """To be called once a program has been put together. What is there now stays: it need not be looked through again
    and again. A page of 2,000 entries makes some 50,000 objects that die by themselves; with the interpreter's
    default of 700 their reading is interrupted seventy times (docs/performance.md has what that costs)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
