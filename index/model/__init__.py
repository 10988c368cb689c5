"""The embedding model: texts in, vectors out, on the runtime that suits the machine.

Knows no articles.
"""
