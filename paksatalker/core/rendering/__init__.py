"""Photos, framing, backgrounds, the portrait renderer, captions and the encoder."""
