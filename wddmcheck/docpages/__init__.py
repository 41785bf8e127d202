"""Pages of the public driver documentation: reading them, and what the catalogue relies on.

No text of a page is kept: what a rule relies on is held as fingerprints of sentences and a few key
terms (spec/catalogue.md says how both are made).
"""
