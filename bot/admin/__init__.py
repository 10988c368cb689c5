"""For those who look after newsdesk: views of the archive, doctor, backup, report on usage.

None of this is needed to answer a question.
"""
