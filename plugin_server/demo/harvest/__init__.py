"""A simulated Harvest: somebody else's server, spoken to over HTTP only.

It answers as the documented API v2 does, strict where the real one is strict, so that software which works here
works there. It imports nothing of the product and shares no table with it. Where Harvest's behaviour is not
documented the stricter reading is taken, and the place says so.
"""
