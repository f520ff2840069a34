"""Rules tried: on recordings, on rule tests, on history; and scored."""
