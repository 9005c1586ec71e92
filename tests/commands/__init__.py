"""The `hub` command as operators run it: processes, their output and their exit codes."""
