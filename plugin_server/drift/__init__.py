"""Selector drift: browsers tell that the helpdesk's page is not as the extension expects it, and are counted."""
