"""Waste transfer stations: backlog, air, leachate, machines."""
