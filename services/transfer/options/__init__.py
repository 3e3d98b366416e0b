"""Options of the transfer: one TOML file, with a table for each mode."""

from .reading import OptionsError, read_options
from .tables import LISTS, TABLES, BuOptions, CleanupOptions, FuOptions, GuiMachineOptions, HubOptions, Options

__all__ = [
    "LISTS",
    "TABLES",
    "BuOptions",
    "CleanupOptions",
    "FuOptions",
    "GuiMachineOptions",
    "HubOptions",
    "Options",
    "OptionsError",
    "read_options",
]
