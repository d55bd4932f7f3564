"""Sound: speaking, reading and timing it. Engines register in :mod:`paksatalker.core.audio.registry`."""
