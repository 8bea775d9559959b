"""A small simulated Zammad: somebody else's server.

It speaks Zammad's REST API (6.5) as far as Deskhours uses it and shows a ticket page with the structure and habits of
Zammad's legacy user interface. It imports nothing of the rest of the product, and is rather stricter than the real
one: what works here must work there.
"""
