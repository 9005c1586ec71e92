"""Convergence: whatever happens to clients and connections, everybody ends with the server's state."""
