"""What every provider's webhook has in common: it is refused unless its signature says that the provider sent it."""


class WebhookRefused(Exception):
    """The call is not the provider's, is too old, or holds nothing that can be read; nothing of it may be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """For logs and metrics; the caller learns only that it was refused."""
