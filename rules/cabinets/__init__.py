"""Lighting cabinets: what a circuit should draw, and lamps lost from it."""
