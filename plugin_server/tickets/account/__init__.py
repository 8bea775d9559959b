"""Which entries a ticket's hours are made of, and which near ones they are not."""
