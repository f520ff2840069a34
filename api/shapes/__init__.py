"""What the API answers with, a file for each thing that it tells of. Tests hold answers to it."""
