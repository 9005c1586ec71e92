"""Benchmarks and, later, the load-test tool. Everything here talks to loopback only."""
