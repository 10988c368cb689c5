"""From a question to the quotes that answer it, or a refusal.

Knows the archive and the checker; no Slack, no language model.
"""
