"""The journal: every question asked in Slack, which process answers it, and what became of it.

The only SQL of the bot. It talks to no Slack and makes no answers.
"""
