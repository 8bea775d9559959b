"""Names of the projects' nudges, each with a wish's id."""

MAKE_JOB = "make_project"
MAKE_CLIENT_JOB = "make_client"
