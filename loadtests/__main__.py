"""`python -m loadtests`: load tests from scenario files, and the benchmarks."""

from loadtests.tool import app

app()
