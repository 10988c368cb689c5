"""The search index: vectors in folders of Chroma, on a Chroma server, or in PostgreSQL by pgvector.

It can be deleted at any time; it is made again from the catalog.
"""
