"""Corrections of time entries, written through to Harvest and kept: who asked, by whose access, before and after."""
