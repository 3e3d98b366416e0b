"""Whether SELinux lets the services read and write their files: by the labels, since a refusal looks like a wrong owner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import TREE, Settings, config_files
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis

ENFORCE = Path("/sys/fs/selinux/enforce")
FOREIGN_TYPES = ("user_home_t", "user_home_dir_t", "admin_home_t", "home_root_t", "user_tmp_t", "tmp_t", "default_t", "unlabeled_t")
"""Types of files that were moved from home folders or /tmp, or that no rule knows; services of systemd may not use them."""


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Labels of the installation, the settings, the data folder with what is in it, and the plugins."""
    plugins = settings.of(GuiSettings).render_plugins
    places = [TREE, *config_files(None, os.environ), settings.data, *([Path(plugins)] if plugins else [])]
    if settings.data.is_dir():
        places += sorted(settings.data.iterdir())
    wrong = {place: kind for place in places if (kind := label_type(place)) in FOREIGN_TYPES}
    for place, kind in wrong.items():
        remedy = (
            f"restorecon -Rv {place}; for a folder outside of /var/lib and /opt first `semanage fcontext -a -t var_lib_t '{place}(/.*)?'`"
        )
        yield Diagnosis("error" if is_enforcing() else "warning", f"{place} has the SELinux label {kind}", remedy)
    if not wrong:
        state = "enforces its rules" if is_enforcing() else "is off or only warns"
        yield Diagnosis("ok", f"SELinux {state}, and no label is wrong")


def is_enforcing() -> bool:
    """Whether the kernel refuses what SELinux does not allow."""
    try:
        return ENFORCE.read_text().strip() == "1"
    except OSError:
        return False


def label_type(path: Path) -> str:
    """The type in the label of a file, "" if it has none: unconfined_u:object_r:var_lib_t:s0."""
    try:
        label = os.getxattr(path, "security.selinux").rstrip(b"\0").decode()
    except OSError:
        return ""
    return [*label.split(":"), "", "", ""][2]
