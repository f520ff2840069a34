"""Manhole covers: displaced, rattling, under water."""
