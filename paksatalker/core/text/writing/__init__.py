"""Writing, rewriting, translating and directing scripts with a language model."""
