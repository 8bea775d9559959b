"""Harvest's timers, started and stopped from a ticket."""
