"""The tests: `flows/` tells stories over real sockets, the other folders follow the modules."""
