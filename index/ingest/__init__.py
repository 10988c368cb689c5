"""A run: what changed, read, cleaned, embedded, published, reported.

The only writer of the archive.
"""
