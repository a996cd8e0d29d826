"""What every request passes: the gateway, the current release, headers, negotiation, the cache, problems and metrics.

Nothing here knows a path of the site or runs a query.
"""
