"""Residents' reports: what they say, which case it is, and what they hear of it."""
