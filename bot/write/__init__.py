"""A language model in front of the desk: prompt, model, sentences as they arrive.

What it writes is shown only after bot/check has found it in the passages.
"""
