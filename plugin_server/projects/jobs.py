"""Names of the projects' nudges."""

MAKE_JOB = "make_project"
"""With a wish's id, to have its project made."""

MAKE_CLIENT_JOB = "make_client"
"""With a wish's id, to have its client made."""

NAMES_JOB = "read_organisations"
"""When an organisation's name is missing."""
