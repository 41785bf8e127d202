"""The intermediate representation: the one written meaning of a model (spec/semantics.md)."""
