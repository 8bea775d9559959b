"""Putting the definition into a Zammad and taking it out again: first a plan to read, then the writes.

Needs a token of an administrator, which the running service never has.
"""
