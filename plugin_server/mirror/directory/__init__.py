"""The account's directory: clients, projects, tasks, people, who works on what, and rates."""
