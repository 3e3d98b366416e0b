"""The servers whose addresses are in the settings."""

from __future__ import annotations

from app.core.settings import Settings, setting_rows

PAGES_FOR_BROWSERS = ("_page", "problem_url")
"""Settings with addresses that only browsers open."""


def server_addresses(settings: Settings, url: str) -> set[str]:
    """HTTP addresses to which this hub or its users send requests: `url`, which people open ("" if unknown), and those in the settings.

    Those of secret settings are left out: a webhook may treat any request as a message, and anybody who sees its address can send one.
    """
    found = {url}
    for row in setting_rows():
        value = settings[row.name]
        if value != row.default and not row.metadata["secret"] and not row.name.endswith(PAGES_FOR_BROWSERS):
            found.update(value if isinstance(value, tuple) else [value] if isinstance(value, str) else [])
    return {address for address in found if address.startswith(("http://", "https://"))}


def authorities(settings: Settings, address: str) -> str:
    """File or folder of the authorities for a server: the setting `..._ca` of the area that has its address; "" for the usual ones."""
    rows = setting_rows()
    for row in rows:
        value = settings[row.name]
        if value == address or (isinstance(value, tuple) and address in value):
            found = [ca.name for ca in rows if ca.name.endswith("_ca") and row.name.startswith(ca.name.removesuffix("ca"))]
            return str(settings[found[0]]) if found else ""
    return ""
