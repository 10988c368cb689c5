"""The reading room: an article opened at the sentence that was cited. Knows no Slack and no model."""
