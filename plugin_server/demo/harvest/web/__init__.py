"""What people see in a browser: signing in, granting access, and the pages that links into Harvest lead to."""
