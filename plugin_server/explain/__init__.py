"""Where is my entry? A diagnosis of a ticket's hours, and of one time entry."""
