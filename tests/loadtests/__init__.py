"""The load tool: its parts, and whole runs against a hub in a process of its own."""
