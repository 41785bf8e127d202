"""Text -> AST: parsing, loading files, printing. Nothing here knows what a name means."""
