"""Notices: who is told of what, in which words, and how it gets to them."""
