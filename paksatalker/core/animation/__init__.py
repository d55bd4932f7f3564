"""Animation: speech → face motion."""
