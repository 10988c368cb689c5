"""The catalog: every table and every statement of SQL, in SQLite or PostgreSQL.

Knows no search index and no search; index/archive.py joins catalog and search index.
"""
