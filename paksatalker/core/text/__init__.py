"""Text: reading, cleaning and cutting it into utterances; subtitles."""
