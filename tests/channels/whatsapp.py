"""What WhatsApp tests send."""

from hub.channels.base import WhatsApp, WhatsAppTemplate
from hub.ids import new_id

FAN = "+50937001234"
NEW_MESSAGE = WhatsAppTemplate("new_message", "fr", ("Aïda", "Votre  vidéo\nest prête"))


def whatsapp(template: WhatsAppTemplate | None = None, text: str = "Ou gen yon mesaj", delivery: str = "") -> WhatsApp:
    return WhatsApp(
        delivery_id=delivery or new_id(),
        notification_id=new_id(),
        user_id="fan",
        to=FAN,
        text=text,
        template=template,
    )
