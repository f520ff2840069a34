"""What the command does: each of its words, and the wiring they share."""
