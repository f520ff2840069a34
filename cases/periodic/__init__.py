"""Periodic cases (周期案件): schedules, and the cases they open."""
