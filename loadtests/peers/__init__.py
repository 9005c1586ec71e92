"""The servers that the hub is measured against, and the hub's own gateway dressed as they are."""
