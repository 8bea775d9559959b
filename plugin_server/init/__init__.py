"""``deskhours init``: a first manifest from six answers, with the keys that Deskhours makes itself."""
