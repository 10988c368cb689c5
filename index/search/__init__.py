"""From a question to the passages that answer it best, by meaning and by words.

Reads the archive, writes nothing.
"""
