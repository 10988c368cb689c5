"""The catalog: every table and every statement of SQL, in SQLite or PostgreSQL.

Knows no vectors index and no search; the archive joins them.
"""
