"""The note of 2 to 8 words that the wand writes from a reply."""
