"""Harvest's time entries in the helpdesk's own time accounting, for who reads its reports: one booking for each entry,
corrected when the entry is."""
