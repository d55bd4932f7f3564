"""A voice that resembles a speaker: consent, reference recordings, and the fitting of Kokoro's style vector."""
