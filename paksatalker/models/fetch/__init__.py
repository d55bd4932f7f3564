"""Fetching model files: from official sources and package registries, resumed, bounded, and checked by hash."""
