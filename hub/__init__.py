"""The real-time messaging and notification hub that creator marketplaces run on."""

__version__ = "0.1.0"
