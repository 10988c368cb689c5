"""The archive: articles, passages and search. It knows no Slack, no language model and no settings."""
