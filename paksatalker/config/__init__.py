"""Settings and logging."""

from paksatalker.config.logging import log_ids, setup_logging
from paksatalker.config.settings import LogFormat, LogLevel, Settings, get_settings, usable_cores

__all__ = ["LogFormat", "LogLevel", "Settings", "get_settings", "log_ids", "setup_logging", "usable_cores"]
