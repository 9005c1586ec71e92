"""HTTP routes, one file per subject; `routes.py` lists them all."""
