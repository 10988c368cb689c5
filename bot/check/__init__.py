"""Whether an article says what an answer says. The only maker of citations lives here.

Pure functions of texts: no Slack, no language model, no search.
"""
