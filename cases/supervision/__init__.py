"""Supervision (督办): what makes a case supervised, and the list of those that are."""
