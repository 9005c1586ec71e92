"""The fields that payloads share: their types, patterns and limits."""

import re
from typing import Annotated, Literal

from msgspec import Meta

from hub.chat.live import LONGEST_SLOW_MODE_SECONDS

BODY_BYTES = 8192
"""Most bytes of UTF-8 in a message's text."""
FRAME_BYTES = 100_000
"""Most bytes of one WebSocket message or one HTTP body."""

UserId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_.:@-]{1,128}$(?!\n)", description="The platform's own id of a person")
]
ConversationId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)", description="UUIDv7 of a conversation")
]
ClientMessageId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.:@-]{1,128}$(?!\n)",
        description="Chosen by the client, a UUID at best; the same id is the same message for ever",
    ),
]
Seq = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of a message in its conversation: 1, 2, 3 …")]
Rev = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="Number of a change in its conversation's log; 0 is before all")
]
Limit = Annotated[int, Meta(ge=1, le=100)]
Body = Annotated[str, Meta(min_length=1, description=f"Text, at most {BODY_BYTES} bytes of UTF-8, not only spaces")]
LINE = r"^[^\x00-\x1f\x7f]+$(?!\n)"
"""One line without control characters. The last part is there because `$` also stands before a final newline."""
NAME = r"^[^\x00-\x08\x0e-\x1f\x7f]+$"
"""Text whose white space is folded afterwards."""
Emoji = Annotated[str, Meta(min_length=1, max_length=16, pattern=LINE)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE)]
ClockTime = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="HH:MM in the person's time zone")
]
Reason = Annotated[str, Meta(pattern=r"^[a-z_]{1,64}$(?!\n)", description="A word for programs, as `order_completed`")]
SlowModeSeconds = Annotated[
    int, Meta(ge=0, le=LONGEST_SLOW_MODE_SECONDS, description="Seconds between two messages of one viewer; 0 is off")
]
Role = Literal["fan", "creator", "moderator", "support", "admin", "service"]
Locale = Literal["en", "fr", "ht"]

_USER_ID = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_user_id(text: str) -> bool:
    """Whether `text` can be a user's id."""
    return _USER_ID.fullmatch(text) is not None


def is_conversation_id(text: str) -> bool:
    """Whether `text` can be a conversation's id."""
    return is_uuid(text)


def is_uuid(text: str) -> bool:
    """Whether `text` is spelled as the hub spells its own ids."""
    return _UUID.fullmatch(text) is not None
