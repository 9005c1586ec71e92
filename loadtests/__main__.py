"""`python -m loadtests`."""

from loadtests.bench import app

app()
