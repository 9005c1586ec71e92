"""Telling people about what they have not seen, and never about what they have."""
