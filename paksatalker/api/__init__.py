"""The service's API over HTTP: ``paksatalker.api.main:app``."""
