"""OpenAPI and AsyncAPI, generated from the Structs and tables that serve the requests."""
