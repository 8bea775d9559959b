"""Timers that need somebody's eye, over all agents."""
