"""Settings and logging."""

from paksatalker.config.logging import setup_logging
from paksatalker.config.settings import LogLevel, Settings, get_settings, usable_cores

__all__ = ["LogLevel", "Settings", "get_settings", "setup_logging", "usable_cores"]
