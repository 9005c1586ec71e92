"""Stock Socket.IO clients, as anybody installs them, against a running hub."""
