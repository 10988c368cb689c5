"""What a message asks: the talk around its questions, the follow-up completed, kind, names, speaker and times.

Knows the archive's words; chooses nothing.
"""
