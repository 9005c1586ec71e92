"""The edge: Socket.IO and HTTP. Nothing here knows SQL; nothing elsewhere knows sockets."""
