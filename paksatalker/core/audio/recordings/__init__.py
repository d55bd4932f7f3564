"""Recordings to timed speech: cutting, recognising and aligning what somebody said."""
