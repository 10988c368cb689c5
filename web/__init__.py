"""The question box, and the reading room: an article opened at the sentence that was cited.

Knows no Slack and no model; what answers is handed to it (bot/question_box.py).
"""
