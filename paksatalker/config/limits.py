"""How much is taken unless the settings say otherwise: guards against input that would fill the memory or the day."""

from __future__ import annotations

#: Longest text, characters: about an hour of speech.
MAX_TEXT_CHARACTERS = 60_000
#: Longest recording, minutes.
MAX_AUDIO_MINUTES = 120.0
#: Largest photo, width × height: beyond it lie decompression bombs.
MAX_IMAGE_PIXELS = 100_000_000
#: No setting takes it further: Pillow, which decodes, refuses larger ones itself.
MOST_IMAGE_PIXELS = 178_956_970
#: Loaded networks that stay in memory between videos, bytes: SadTalker at one size with all that belongs to it.
MODEL_CACHE_BYTES = 4 << 30
