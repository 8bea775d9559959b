"""Calls to Harvest that must have happened exactly once: a row first, then the call."""
