"""Readers: each module turns the bytes of one kind of file into records."""
