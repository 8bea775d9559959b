"""Figures as ratios of one run: ``make bench``."""
