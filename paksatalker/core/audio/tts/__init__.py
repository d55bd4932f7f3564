"""Text to speech: the engines that say phonemes, and what they share."""
