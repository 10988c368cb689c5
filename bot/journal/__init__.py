"""The journal: every question asked in Slack or the browser, who answers it, what became of it, and its answer.

The only SQL of the bot. It talks to no Slack and makes no answers.
"""
