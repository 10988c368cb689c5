"""The desk: a question in, a checked and cited answer out.

A folder is a step of the way: answer (quotes that answer), check (is it what the article says), write (a language
model in front), journal (every question kept), slack (the bot), admin (views, doctor, backup, usage).
"""
