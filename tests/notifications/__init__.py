"""Unread messages and e-mail: stories over the running hub, and the durable road step by step."""
