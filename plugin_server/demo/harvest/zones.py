"""Harvest names time zones as Ruby on Rails does; the wall clock of a person needs the IANA name."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

IANA = {
    "American Samoa": "Pacific/Pago_Pago",
    "Hawaii": "Pacific/Honolulu",
    "Alaska": "America/Juneau",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Arizona": "America/Phoenix",
    "Mountain Time (US & Canada)": "America/Denver",
    "Central Time (US & Canada)": "America/Chicago",
    "Mexico City": "America/Mexico_City",
    "Eastern Time (US & Canada)": "America/New_York",
    "Bogota": "America/Bogota",
    "Atlantic Time (Canada)": "America/Halifax",
    "Newfoundland": "America/St_Johns",
    "Brasilia": "America/Sao_Paulo",
    "Buenos Aires": "America/Argentina/Buenos_Aires",
    "Azores": "Atlantic/Azores",
    "UTC": "Etc/UTC",
    "London": "Europe/London",
    "Dublin": "Europe/Dublin",
    "Lisbon": "Europe/Lisbon",
    "Amsterdam": "Europe/Amsterdam",
    "Berlin": "Europe/Berlin",
    "Bern": "Europe/Zurich",
    "Brussels": "Europe/Brussels",
    "Copenhagen": "Europe/Copenhagen",
    "Madrid": "Europe/Madrid",
    "Paris": "Europe/Paris",
    "Prague": "Europe/Prague",
    "Rome": "Europe/Rome",
    "Stockholm": "Europe/Stockholm",
    "Vienna": "Europe/Vienna",
    "Warsaw": "Europe/Warsaw",
    "Athens": "Europe/Athens",
    "Cairo": "Africa/Cairo",
    "Helsinki": "Europe/Helsinki",
    "Jerusalem": "Asia/Jerusalem",
    "Pretoria": "Africa/Johannesburg",
    "Istanbul": "Europe/Istanbul",
    "Nairobi": "Africa/Nairobi",
    "Abu Dhabi": "Asia/Muscat",
    "Karachi": "Asia/Karachi",
    "New Delhi": "Asia/Kolkata",
    "Kathmandu": "Asia/Kathmandu",
    "Bangkok": "Asia/Bangkok",
    "Singapore": "Asia/Singapore",
    "Tokyo": "Asia/Tokyo",
    "Adelaide": "Australia/Adelaide",
    "Sydney": "Australia/Sydney",
    "Auckland": "Pacific/Auckland",
    "Chatham Is.": "Pacific/Chatham",
    "Samoa": "Pacific/Apia",
}


def local(moment: datetime, name: str) -> datetime:
    """The moment as this person's wall clock shows it, cut to the minute."""
    return moment.astimezone(ZoneInfo(IANA[name])).replace(second=0, microsecond=0)
