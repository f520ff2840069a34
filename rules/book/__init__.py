"""The rulebook: figures, whom they hold for, when rules rest; checked, versioned, reloaded."""
