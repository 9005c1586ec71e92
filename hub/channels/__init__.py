"""Delivery channels: how a notification leaves the hub. One file a provider."""
