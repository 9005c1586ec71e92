"""Conversations, messages, receipts, access windows and sync: the rules, without sockets or SQL."""
