"""The words of notifications: built-in texts and operators' templates, in every language and for every channel."""

from hub.notifications.templates.rendered import Person, Rendered, TemplateFailed
from hub.notifications.templates.templates import Templates

__all__ = ["Person", "Rendered", "TemplateFailed", "Templates"]
