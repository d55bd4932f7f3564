"""Networks and their weights; nothing here knows of the pipeline."""
