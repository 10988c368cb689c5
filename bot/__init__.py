"""A question in, a checked and cited answer out.

A folder is a step: answer (choose quotes), check (do articles support a sentence), write (a language model in front of
the quotes), journal (every question stored), admin (views, doctor, backup, usage), slack (the bot).
"""
