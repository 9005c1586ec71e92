"""All SQL of the hub: tables on top, queries below, one file a subject."""
