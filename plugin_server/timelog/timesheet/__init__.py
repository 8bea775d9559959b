"""A person's own hours: today, this week, and the days on which some are missing."""
