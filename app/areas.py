"""The areas of the product; importing this module makes their settings known."""

from __future__ import annotations

from app.gui.settings import GuiSettings
from app.notify.settings import NotifySettings
from app.ops.settings import ServiceSettings
from app.publish.settings import PublishSettings
from app.queue.settings import QueueSettings
from app.security.settings import SecuritySettings
from app.square.settings import SquareSettings

TABLES = (QueueSettings, SecuritySettings, NotifySettings, PublishSettings, GuiSettings, SquareSettings, ServiceSettings)
