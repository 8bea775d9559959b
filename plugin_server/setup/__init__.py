"""``deskhours setup``: what an administrator runs once, and again after every change of the manifest."""
