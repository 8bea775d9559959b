"""The API's resources, one module each: their rules, their SQL and their shape on the wire."""
