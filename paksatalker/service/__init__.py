"""What API and workers share: settings, database, files, keys, the queue. Needs the extra ``service``."""
